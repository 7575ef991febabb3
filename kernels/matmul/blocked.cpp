#include "kernels/matmul/blocked.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/grid.hpp"
#include "kernels/matmul/operands.hpp"
#include "kernels/matmul/scratch.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

/// Without its operands' addresses.
template <class A, class B, class C>
Block<A, B, C> block_of(const Gemm& shape, const Layout& layout, Range rows, Range cols) {
  Block<A, B, C> block{.rows = rows.size(), .cols = cols.size(), .depth = shape.k};
  block.a_stride = layout.a_transposed ? 1 : shape.k;
  block.a_step = layout.a_transposed ? shape.m : 1;
  block.b_stride = layout.b_transposed ? 1 : shape.n;
  block.b_step = layout.b_transposed ? shape.k : 1;
  block.c_stride = shape.n;
  return block;
}

/// Parts that each matmul of a batch is cut into: none is idle while others work, but where there
/// are so many matmuls that this is short, since parts pack the same panels again.
int parts_of_each(std::int64_t batch, int threads) {
  constexpr std::int64_t many = 8;
  if (batch >= many * threads) return 1;
  return threads / static_cast<int>(std::gcd(batch, std::int64_t{threads}));
}

template <class A, class B, class C>
struct Operands {
  const A* a;
  const B* b;
  C* c;
};

template <class A, class B, class C>
void multiply_blocks(const Gemm& shape, const Layout& layout, Operands<A, B, C> all, int threads) {
  const auto& kernels = block_kernels<A, B, C>();
  const Grid grid = best_grid(shape, kernels.tile_cols, parts_of_each(layout.batch, threads));
  // One block per thread when the runtime grants all threads, still right when it grants fewer.
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
  for (std::int64_t i = 0; i < layout.batch * grid.blocks(); ++i) {
    const std::int64_t matmul = i / grid.blocks();
    const Range rows = grid.rows_of(i % grid.blocks(), shape);
    const Range cols = grid.cols_of(i % grid.blocks(), shape, kernels.tile_cols);
    auto block = block_of<A, B, C>(shape, layout, rows, cols);
    block.a = all.a + matmul * shape.m * shape.k + rows.begin * block.a_stride;
    block.b = all.b + matmul * shape.k * shape.n + cols.begin * block.b_step;
    block.c = all.c + (matmul * shape.m + rows.begin) * shape.n + cols.begin;
    if (block.rows > 0 && block.cols > 0) kernels.multiply(block, Scratch::mine());
  }
}

template <class A, class B, class C>
void multiply_checked(const Gemm& shape,
                      topology::DataType type,
                      std::span<const A> a,
                      std::span<const B> b,
                      std::span<C> c,
                      int threads,
                      const Layout& layout) {
  check_operands(shape, type, a.size(), b.size(), c.size(), layout.batch);
  if (threads < 1) topology::usage_error("matmul: at least one thread is needed");
  if (shape.k == 0) std::fill(c.begin(), c.end(), C{});  // an empty sum
  if (c.empty() || shape.k == 0) return;
  multiply_blocks<A, B, C>(shape, layout, {a.data(), b.data(), c.data()}, threads);
}

}  // namespace

void multiply(const Gemm& shape,
              std::span<const float> a,
              std::span<const float> b,
              std::span<float> c,
              int threads,
              const Layout& layout) {
  multiply_checked(shape, topology::DataType::f32, a, b, c, threads, layout);
}

void multiply(const Gemm& shape,
              std::span<const BFloat16> a,
              std::span<const BFloat16> b,
              std::span<float> c,
              int threads,
              const Layout& layout) {
  multiply_checked(shape, topology::DataType::bf16, a, b, c, threads, layout);
}

void multiply(const Gemm& shape,
              std::span<const double> a,
              std::span<const double> b,
              std::span<double> c,
              int threads,
              const Layout& layout) {
  multiply_checked(shape, topology::DataType::f64, a, b, c, threads, layout);
}

void multiply(const Gemm& shape,
              std::span<const std::uint8_t> a,
              std::span<const std::int8_t> b,
              std::span<std::int32_t> c,
              int threads,
              const Layout& layout) {
  multiply_checked(shape, topology::DataType::i8, a, b, c, threads, layout);
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
