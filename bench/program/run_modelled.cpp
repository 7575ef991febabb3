#include "bench/program/run_modelled.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "bench/exchange/program_source.hpp"
#include "bench/program/modelled_tables.hpp"
#include "bench/program/rows.hpp"
#include "bench/program/run_plan.hpp"
#include "kernels/collective/algorithms.hpp"

namespace bench {
namespace {

using kernels::Collective;

void record_systems(ResultFile& file, const RunFile& run) {
  Table table = file.table(systems_figures);
  std::set<std::string> chips;
  if (run.modelled_collectives)
    for (const topology::Machine& system : run.modelled_collectives->systems) {
      table.append_all(figure_rows(system));
      chips.insert(system.chip.name);
      record_inputs(file, system.name, system.name);
    }
  if (!run.modelled_matmuls) return;
  for (const topology::Chip& chip : run.modelled_matmuls->chips) {
    if (!chips.insert(chip.name).second) continue;
    topology::Machine alone;
    alone.chip = chip;
    table.append_all(figure_rows(alone));
  }
}

/// Appends the points of one collective on one group. @return how many were left out
std::int64_t model_sizes(std::vector<CollectiveRow>& rows,
                         const ModelledCollectives& what,
                         Collective collective,
                         const topology::Machine& group) {
  MeasureOptions options;
  options.type = what.type;
  // An algorithm that is named is one of reductions, but for a program.
  const bool fixed = collective == Collective::all_to_all && !is_program(what.algorithm);
  std::int64_t left_out = 0;
  for (const std::int64_t bytes : what.sizes) {
    if (too_small(what, collective, bytes, group.chips()))
      ++left_out;
    else
      rows.push_back(
          predict_point(collective, bytes, options, fixed ? "auto" : what.algorithm, group));
  }
  return left_out;
}

void model_collectives(ResultFile& file, const ModelledCollectives& what) {
  ModelledTables tables(file, what.links);
  std::int64_t left_out = 0;
  for (const topology::Machine& system : what.systems) {
    std::size_t points = 0;
    for (const std::int64_t chips : what.chips) {
      const topology::Machine group = topology::slice(system, chips);
      std::vector<CollectiveRow> rows;
      for (const Collective collective : what.collectives)
        left_out += model_sizes(rows, what, collective, group);
      tables.append(rows, group);
      points += rows.size();
    }
    fmt::print("modelled {} collectives on up to {} chips of {}\n",
               points,
               *std::max_element(what.chips.begin(), what.chips.end()),
               system.name);
  }
  file.attribute(modelled_collective.group, "points_left_out", left_out);
  file.attribute(modelled_collective.group,
                 "points_left_out_reason",
                 std::string("fewer elements than chips"));
  if (left_out > 0) fmt::print("left out {} points with fewer elements than chips\n", left_out);
}

void model_matmuls(ResultFile& file, const ModelledMatmuls& what) {
  Table table = file.table(modelled_matmul);
  std::vector<Table::Row> rows;
  for (const topology::Chip& chip : what.chips)
    for (const topology::DataType type : what.types)
      for (const Shape& shape : what.shapes) rows.push_back(modelled_row(chip, shape, type));
  table.append_all(rows);
  fmt::print("modelled {} matmuls on {} chips\n", rows.size(), what.chips.size());
}

}  // namespace

void model_run(ResultFile& file, const RunFile& run) {
  record_systems(file, run);
  if (run.modelled_collectives) model_collectives(file, *run.modelled_collectives);
  if (run.modelled_matmuls) model_matmuls(file, *run.modelled_matmuls);
}

}  // namespace bench
