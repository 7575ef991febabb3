#include "kernels/matmul/blocked.hpp"

#include <algorithm>
#include <cstdint>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/operands.hpp"
#include "kernels/matmul/range.hpp"
#include "kernels/matmul/scratch.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

/// C cut into rows x cols blocks, one per thread, each packing for itself.
///
/// Sharing packed B among threads would save packing but costs two barriers per block and makes a
/// matmul as slow as its slowest thread in every block.
struct Grid {
  std::int64_t rows = 1;
  std::int64_t cols = 1;
};

/// Cost of the largest block per step of k, in multiply-adds. Packing one element of A or B takes
/// about as long as 16 multiply-adds.
std::int64_t cost(const Gemm& shape, Grid grid) {
  const std::int64_t rows = ceil_div(ceil_div(shape.m, tile_rows), grid.rows) * tile_rows;
  const std::int64_t cols = ceil_div(ceil_div(shape.n, tile_cols()), grid.cols) * tile_cols();
  return rows * cols + 16 * (rows + cols);
}

Grid best_grid(const Gemm& shape, int threads) {
  Grid best;
  for (std::int64_t rows = 1; rows <= threads; ++rows) {
    const Grid grid{rows, threads / rows};
    if (cost(shape, grid) < cost(shape, best)) best = grid;
  }
  return best;
}

template <class T>
// NOLINTNEXTLINE(readability-non-const-parameter): written through inside the OpenMP region
void multiply_blocks(const Gemm& shape, const T* a, const T* b, float* c, int threads) {
  const Grid grid = best_grid(shape, threads);
  // One block per thread when the runtime grants all threads, still right when it grants fewer.
#pragma omp parallel for num_threads(threads) schedule(static, 1) if (threads > 1)
  for (std::int64_t i = 0; i < grid.rows * grid.cols; ++i) {
    const Range rows = part_of_tiles(shape.m, tile_rows, grid.rows, i / grid.cols);
    const Range cols = part_of_tiles(shape.n, tile_cols(), grid.cols, i % grid.cols);
    Block<T> block{.rows = rows.size(), .cols = cols.size(), .depth = shape.k};
    block.a = a + rows.begin * shape.k;
    block.a_stride = shape.k;
    block.b = b + cols.begin;
    block.b_stride = shape.n;
    block.c = c + rows.begin * shape.n + cols.begin;
    block.c_stride = shape.n;
    if (block.rows > 0 && block.cols > 0) multiply_block(block, Scratch::mine());
  }
}

template <class T>
void multiply_checked(const Gemm& shape,
                      topology::DataType type,
                      std::span<const T> a,
                      std::span<const T> b,
                      std::span<float> c,
                      int threads) {
  check_operands(shape, type, a.size(), b.size(), c.size());
  if (threads < 1) topology::usage_error("matmul: at least one thread is needed");
  if (shape.k == 0) std::fill(c.begin(), c.end(), 0.0F);  // an empty sum
  if (c.empty() || shape.k == 0) return;
  multiply_blocks(shape, a.data(), b.data(), c.data(), threads);
}

}  // namespace

void multiply(const Gemm& shape,
              std::span<const float> a,
              std::span<const float> b,
              std::span<float> c,
              int threads) {
  multiply_checked(shape, topology::DataType::f32, a, b, c, threads);
}

void multiply(const Gemm& shape,
              std::span<const BFloat16> a,
              std::span<const BFloat16> b,
              std::span<float> c,
              int threads) {
  multiply_checked(shape, topology::DataType::bf16, a, b, c, threads);
}

const char* simd_target() {
  return block_target();
}

}  // namespace kernels
