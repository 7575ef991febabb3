#include "kernels/distributed/algorithms.hpp"

#include <algorithm>
#include <array>

#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

bool flat(const ProcessGrid& grid) {
  return grid.layers == 1;
}

bool square(const ProcessGrid& grid) {
  return grid.rows == grid.columns && grid.layers == 1;
}

bool layered(const ProcessGrid& grid) {
  return grid.rows == grid.columns && grid.layers <= grid.rows;
}

struct AlgorithmRow {
  const char* name;
  DistributedMatmul (*build)(const Gemm& shape, const ProcessGrid& grid);
  bool (*runs_on)(const ProcessGrid& grid);
  const char* wanted;  ///< of a grid
};

constexpr std::array<AlgorithmRow, 5> rows{{
    {"allgather", all_gather_matmul, flat, "one layer"},
    {"reducescatter", matmul_reduce_scatter, flat, "one layer"},
    {"summa", summa, flat, "one layer"},
    {"cannon", cannon, square, "as many rows as columns and one layer; summa runs on any R x C"},
    {"2.5d",
     cannon,
     layered,
     "as many rows as columns, and no more layers than rows; summa runs on any R x C"},
}};

const AlgorithmRow& row(const std::string& algorithm) {
  for (const AlgorithmRow& row : rows)
    if (algorithm == row.name) return row;
  topology::usage_error(
      topology::unknown_name("distributed matmul", algorithm, distributed_algorithms()));
}

}  // namespace

const std::vector<std::string>& distributed_algorithms() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    all.reserve(rows.size());
    for (const AlgorithmRow& row : rows) all.emplace_back(row.name);
    return all;
  }();
  return names;
}

DistributedMatmul distributed_matmul(const std::string& algorithm,
                                     const Gemm& shape,
                                     const ProcessGrid& grid) {
  const AlgorithmRow& known = row(algorithm);
  if (shape.m < 1 || shape.n < 1 || shape.k < 1)
    topology::usage_error("matmul: m, n and k must be positive");
  if (!known.runs_on(grid))
    topology::usage_error(algorithm + " does not run on a grid of " + grid.text() + ": it takes " +
                          known.wanted);
  DistributedMatmul program = known.build(shape, grid);
  program.algorithm = algorithm;
  return program;
}

std::vector<ProcessGrid> grids(const std::string& algorithm, std::int64_t ranks) {
  const AlgorithmRow& known = row(algorithm);
  std::vector<ProcessGrid> all;
  for (std::int64_t layers = 1; layers <= ranks; ++layers) {
    if (ranks % layers != 0) continue;
    const std::int64_t plane = ranks / layers;
    for (std::int64_t rows = 1; rows <= plane; ++rows)
      if (const ProcessGrid grid{rows, plane / rows, layers};
          plane % rows == 0 && known.runs_on(grid))
        all.push_back(grid);
  }
  return all;
}

}  // namespace kernels
