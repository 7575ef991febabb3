#include "bench/program/run_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "bench/program/measured_record.hpp"
#include "bench/record/schema.hpp"
#include "bench/suites/matmul_cases.hpp"

namespace bench {

std::int64_t rows_of(const MeasuredCollectives& what) {
  return MeasuredRecord::rows(what.against_mpi);
}

std::int64_t points_of(const MeasuredCollectives& what) {
  return static_cast<std::int64_t>(what.collectives.size() * what.sizes.size());
}

std::vector<MatmulCase> cases_of(const MeasuredMatmuls& what) {
  std::vector<MatmulCase> all;
  for (const topology::DataType type : what.types)
    for (const Shape& shape : what.shapes)
      for (MatmulCase& one : matmul_cases(std::array{shape.gemm(type)})) {
        one.label = shape.label;
        all.push_back(std::move(one));
      }
  return all;
}

bool too_small(const ModelledCollectives& what,
               kernels::Collective collective,
               std::int64_t bytes,
               std::int64_t chips) {
  return kernels::info(collective).chunked_ends &&
         static_cast<double>(bytes) <
             std::max(1.0, topology::size_of(what.type).value()) * static_cast<double>(chips);
}

std::int64_t modelled_points_of(const ModelledCollectives& what) {
  std::int64_t points = 0;
  for (const std::int64_t chips : what.chips)
    for (const kernels::Collective collective : what.collectives)
      points += std::count_if(what.sizes.begin(), what.sizes.end(), [&](std::int64_t bytes) {
        return !too_small(what, collective, bytes, chips);
      });
  return points * static_cast<std::int64_t>(what.systems.size());
}

std::string plan_of(const RunFile& run, int ranks) {
  nlohmann::ordered_json plan;
  if (const auto& what = run.modelled_collectives)
    plan[modelled_collective.group] = modelled_points_of(*what);
  if (const auto& what = run.modelled_matmuls)
    plan[modelled_matmul.group] = what->chips.size() * what->types.size() * what->shapes.size();
  if (const auto& what = run.measured_collectives; what && ranks > 1)
    plan[measured_collective.group] = points_of(*what) * rows_of(*what);
  if (const auto& what = run.measured_matmuls) plan[measured_matmul.group] = cases_of(*what).size();
  return plan.dump(2) + "\n";
}

}  // namespace bench
