#include "kernels/matmul/blocked.hpp"

#include <algorithm>
#include <cstdint>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/grid.hpp"
#include "kernels/matmul/operands.hpp"
#include "kernels/matmul/scratch.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

template <class A, class B, class C>
// NOLINTNEXTLINE(readability-non-const-parameter): written through inside the OpenMP region
void multiply_blocks(const Gemm& shape, const A* a, const B* b, C* c, int threads) {
  const auto& kernels = block_kernels<A, B, C>();
  const Grid grid = best_grid(shape, kernels.tile_cols, threads);
  // One block per thread when the runtime grants all threads, still right when it grants fewer.
#pragma omp parallel for num_threads(threads) schedule(static, 1) if (threads > 1)
  for (std::int64_t i = 0; i < grid.blocks(); ++i) {
    const Range rows = grid.rows_of(i, shape);
    const Range cols = grid.cols_of(i, shape, kernels.tile_cols);
    Block<A, B, C> block{.rows = rows.size(), .cols = cols.size(), .depth = shape.k};
    block.a = a + rows.begin * shape.k;
    block.a_stride = shape.k;
    block.b = b + cols.begin;
    block.b_stride = shape.n;
    block.c = c + rows.begin * shape.n + cols.begin;
    block.c_stride = shape.n;
    if (block.rows > 0 && block.cols > 0) kernels.multiply(block, Scratch::mine());
  }
}

template <class A, class B, class C>
void multiply_checked(const Gemm& shape,
                      topology::DataType type,
                      std::span<const A> a,
                      std::span<const B> b,
                      std::span<C> c,
                      int threads) {
  check_operands(shape, type, a.size(), b.size(), c.size());
  if (threads < 1) topology::usage_error("matmul: at least one thread is needed");
  if (shape.k == 0) std::fill(c.begin(), c.end(), C{});  // an empty sum
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

void multiply(const Gemm& shape,
              std::span<const double> a,
              std::span<const double> b,
              std::span<double> c,
              int threads) {
  multiply_checked(shape, topology::DataType::f64, a, b, c, threads);
}

void multiply(const Gemm& shape,
              std::span<const std::uint8_t> a,
              std::span<const std::int8_t> b,
              std::span<std::int32_t> c,
              int threads) {
  multiply_checked(shape, topology::DataType::i8, a, b, c, threads);
}

const char* simd_target(topology::DataType type) {
  switch (type) {
    case topology::DataType::f64:
      return block_kernels<double, double, double>().target;
    case topology::DataType::bf16:
      return block_kernels<BFloat16, BFloat16, float>().target;
    case topology::DataType::i8:
      return block_kernels<std::uint8_t, std::int8_t, std::int32_t>().target;
    default:
      return block_kernels<float, float, float>().target;
  }
}

}  // namespace kernels
