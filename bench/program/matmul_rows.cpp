#include "bench/program/matmul_rows.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "kernels/distributed/algorithms.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::DistributedMatmul;
using kernels::ProcessGrid;

/// The chips that need no NIC to reach each other: a tensor-parallel group.
std::int64_t tightly_coupled(const topology::Machine& machine) {
  std::int64_t chips = 1;
  for (const topology::Level& level : machine.levels)
    if (level.shape != topology::LevelShape::clos) chips *= level.extent;
  return machine.chips() % chips == 0 ? chips : machine.chips();
}

/// Those to choose from where none is given.
std::vector<ProcessGrid> grids_for(const std::string& algorithm, const topology::Machine& machine) {
  if (algorithm == "allgather" || algorithm == "reducescatter") {
    const std::int64_t columns = tightly_coupled(machine);
    return {{machine.chips() / columns, columns, 1}};
  }
  return kernels::grids(algorithm, machine.chips());
}

/// Predicted on each grid, the fastest first; grids that do not fit the machine's levels are left
/// out. None: the algorithm does not run on so many.
std::vector<MatmulRow> fastest_first(const std::string& algorithm,
                                     const kernels::Gemm& shape,
                                     const topology::Machine& machine,
                                     topology::FlopsPerSecond roof,
                                     const BlockTime& block_time) {
  std::vector<MatmulRow> rows;
  for (const ProcessGrid& grid : grids_for(algorithm, machine)) {
    MatmulRow row{kernels::distributed_matmul(algorithm, shape, grid), {}, {}};
    try {
      row.prediction = predict(row.program, machine, roof, block_time);
    } catch (const topology::Error& error) {
      if (error.kind() != topology::ErrorKind::usage) throw;
      continue;
    }
    rows.push_back(std::move(row));
  }
  std::stable_sort(rows.begin(), rows.end(), [](const MatmulRow& a, const MatmulRow& b) {
    return a.prediction.time < b.prediction.time;
  });
  return rows;
}

/// The grid that the user wants, or the fastest.
std::optional<MatmulRow> row_of(const MatmulOptions& o,
                                const std::string& algorithm,
                                const topology::Machine& machine,
                                topology::FlopsPerSecond roof,
                                const BlockTime& block_time) {
  if (o.grid.empty()) {
    std::vector<MatmulRow> rows = fastest_first(algorithm, o.shape, machine, roof, block_time);
    if (rows.empty()) return std::nullopt;
    return std::move(rows.front());
  }
  DistributedMatmul program =
      kernels::distributed_matmul(algorithm, o.shape, kernels::parse_grid(o.grid));
  const MatmulPrediction prediction = predict(program, machine, roof, block_time);
  return MatmulRow{std::move(program), prediction, {}};
}

}  // namespace

void check(const MatmulOptions& o, std::int64_t ranks) {
  std::optional<ProcessGrid> grid;
  if (!o.grid.empty()) grid = kernels::parse_grid(o.grid);
  if (grid && grid->ranks() != ranks)
    topology::usage_error(
        fmt::format("a grid of {} is {} ranks, there are {}", grid->text(), grid->ranks(), ranks));
  for (const std::string& algorithm : o.algorithms) {
    if (grid)
      (void)kernels::distributed_matmul(algorithm, o.shape, *grid);
    else if (kernels::grids(algorithm, ranks).empty())
      topology::usage_error(fmt::format(
          "{} runs on no grid of {} ranks: cannon takes s x s, 2.5d s x s x c with c up "
          "to s, the others any number",
          algorithm,
          ranks));
  }
}

std::vector<MatmulRow> rows_of(const MatmulOptions& o,
                               const topology::Machine& machine,
                               topology::FlopsPerSecond roof,
                               const BlockTime& block_time) {
  const bool all = o.algorithms.empty();
  std::vector<MatmulRow> rows;
  std::string refused;
  for (const std::string& algorithm : all ? kernels::distributed_algorithms() : o.algorithms) {
    try {
      if (std::optional<MatmulRow> row = row_of(o, algorithm, machine, roof, block_time))
        rows.push_back(std::move(*row));
    } catch (const topology::Error& error) {
      if (!all || error.kind() != topology::ErrorKind::usage) throw;
      refused = error.what();
    }
  }
  if (rows.empty())
    topology::usage_error(refused.empty() ? "no grid of so many ranks fits the machine's levels"
                                          : refused);
  return rows;
}

}  // namespace bench
