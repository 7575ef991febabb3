#include "bench/program/matmul_record.hpp"

#include <fmt/format.h>

#include "bench/executor/statistics.hpp"
#include "bench/program/measured_host.hpp"
#include "bench/program/modelled_tables.hpp"
#include "bench/program/recorded_command.hpp"
#include "bench/program/rows.hpp"
#include "kernels/distributed/communication_bound.hpp"

namespace bench {
namespace {

using kernels::DistributedMatmul;
using topology::Seconds;
using topology::Status;

std::string type_name(const DistributedMatmul& program) {
  return topology::name(program.shape.type);
}

/// Of what takes longer.
Status origin_of(const MatmulRow& row,
                 const topology::Chip& chip,
                 const kernels::TensorEngine& engine) {
  const MatmulPrediction& p = row.prediction;
  if (p.exposed() > p.compute) return p.links;
  const kernels::Gemm block = largest_gemm(row.program);
  return bench::evidence(chip, block.type, kernels::predict(block, engine).binding);
}

Table::Row modelled_cells(const MatmulRow& row, const topology::Machine& machine) {
  const DistributedMatmul& program = row.program;
  const MatmulPrediction& p = row.prediction;
  const kernels::TensorEngine engine = kernels::tensor_engine(machine.chip, program.shape.type);
  return {machine.name,
          machine.chip.name,
          program.algorithm,
          program.grid.text(),
          type_name(program),
          program.grid.ranks(),
          program.shape.m,
          program.shape.n,
          program.shape.k,
          kernels::steps(program),
          most_wire_bytes(program).value(),
          least_wire_bytes(program).value(),
          p.time.value(),
          p.compute.value(),
          p.exposed().value(),
          p.moving.value(),
          rate(program, p.time).value(),
          rate(program, p.time) / engine.peak,
          p.bound().value(),
          p.bound() / p.time,
          std::string(p.bound_by()),
          std::string(topology::name(origin_of(row, machine.chip, engine)))};
}

Table::Row measured_cells(const MatmulRow& row) {
  const DistributedMatmul& program = row.program;
  const MatmulMeasurement& m = *row.measurement;
  const double time = median(m.seconds);
  return {program.algorithm,
          program.grid.text(),
          type_name(program),
          program.grid.ranks(),
          program.shape.m,
          program.shape.n,
          program.shape.k,
          kernels::steps(program),
          m.moved.value(),
          most_wire_bytes(program).value(),
          m.checked.elements,
          m.checked.elements > 0 ? m.checked.wrong : std::int64_t{-1},
          time,
          quantile(m.seconds, 0),
          quantile(m.seconds, 0.9),
          median(m.alone),
          rate(program, Seconds(time)).value(),
          row.prediction.time.value()};
}

}  // namespace

void record_predicted(const MatmulOptions& asked,
                      const topology::Machine& machine,
                      const std::vector<MatmulRow>& rows) {
  ResultFile file =
      modelled_file({asked.output, asked.force, asked.system, asked.overrides}, machine);
  std::vector<Table::Row> cells;
  cells.reserve(rows.size());
  for (const MatmulRow& row : rows) cells.push_back(modelled_cells(row, machine));
  file.table(modelled_distributed_matmul).append_all(cells);
  file.complete();
  fmt::print(stderr, "results: {}\n", asked.output);
}

MatmulRecord::MatmulRecord(const MatmulOptions& asked)
    : path_(asked.output),
      file_(ResultFile::create(path_, result_options(asked.force))),
      table_(file_.table(measured_distributed_matmul)) {
  record_measuring_host(file_);
}

void MatmulRecord::model(const topology::Machine& machine) {
  file_.text("inputs/host_messages.toml", topology::to_toml(machine));
}

void MatmulRecord::append(const MatmulRow& row) {
  table_.append(measured_cells(row), row.measurement->seconds);
}

void MatmulRecord::complete(const Surroundings::Seen& seen) {
  seen.record(file_);
  record_end(file_);
  file_.complete();
  fmt::print(stderr, "results: {}\n", path_);
}

}  // namespace bench
