#include "kernels/matmul/grid.hpp"

#include "kernels/matmul/block.hpp"

namespace kernels {
namespace {

/// Cost of the largest block per step of k, in multiply-adds. Packing one element of A or B takes
/// about as long as 16 multiply-adds.
std::int64_t cost(const Gemm& shape, std::int64_t tile_cols, Grid grid) {
  const std::int64_t rows = ceil_div(ceil_div(shape.m, tile_rows), grid.rows) * tile_rows;
  const std::int64_t cols = ceil_div(ceil_div(shape.n, tile_cols), grid.cols) * tile_cols;
  return rows * cols + 16 * (rows + cols);
}

}  // namespace

Range Grid::rows_of(std::int64_t i, const Gemm& shape) const {
  return part_of_tiles(shape.m, tile_rows, rows, i / cols);
}

Range Grid::cols_of(std::int64_t i, const Gemm& shape, std::int64_t tile_cols) const {
  return part_of_tiles(shape.n, tile_cols, cols, i % cols);
}

Grid best_grid(const Gemm& shape, std::int64_t tile_cols, int threads) {
  Grid best;
  for (std::int64_t rows = 1; rows <= threads; ++rows) {
    const Grid grid{rows, threads / rows};
    if (cost(shape, tile_cols, grid) < cost(shape, tile_cols, best)) best = grid;
  }
  return best;
}

}  // namespace kernels
