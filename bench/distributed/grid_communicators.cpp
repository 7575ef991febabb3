#include "bench/distributed/grid_communicators.hpp"

#include <exception>

#include <fmt/format.h>

#include "bench/executor/ranks.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

MPI_Comm split(std::int64_t group, std::int64_t member) {
  MPI_Comm part = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, static_cast<int>(group), static_cast<int>(member), &part);
  return part;
}

}  // namespace

GridCommunicators::GridCommunicators(const kernels::ProcessGrid& grid) {
  const Ranks ranks = world();
  if (grid.ranks() != ranks.size)
    topology::usage_error(fmt::format(
        "a grid of {} is {} ranks, the job has {}", grid.text(), grid.ranks(), ranks.size));
  place_ = grid.place(ranks.rank);
  row_ = split(place_.row + place_.layer * grid.rows, place_.column);
  column_ = split(place_.column + place_.layer * grid.columns, place_.row);
  layers_ = split(place_.column + place_.row * grid.columns, place_.layer);
}

GridCommunicators::~GridCommunicators() {
  if (std::uncaught_exceptions() > 0) return;
  MPI_Comm_free(&row_);
  MPI_Comm_free(&column_);
  MPI_Comm_free(&layers_);
}

}  // namespace bench
