#include "kernels/matmul/weights.hpp"

#include <algorithm>
#include <new>

#include <sys/mman.h>

#include "kernels/matmul/grid.hpp"
#include "kernels/matmul/operands.hpp"
#include "kernels/matmul/scratch.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

std::byte* allocate(std::int64_t bytes) {
  const std::size_t alignment = bytes < std::int64_t{huge_page} ? 64 : huge_page;
  const std::size_t size =
      (static_cast<std::size_t>(bytes) + alignment - 1) / alignment * alignment;
  void* const area = std::aligned_alloc(alignment, std::max(size, alignment));
  if (area == nullptr) throw std::bad_alloc();
  if (alignment == huge_page) madvise(area, size, MADV_HUGEPAGE);  // advice: may be declined
  return static_cast<std::byte*>(area);
}

}  // namespace

template <class A, class B, class C>
Weights<A, B, C>::Weights(const Gemm& shape, std::span<const B> b, bool transposed)
    : shape_(shape), kernels_(&block_kernels<A, B, C>()) {
  check_operands({0, shape.n, shape.k, shape.type}, shape.type, 0, b.size(), 0);
  if (shape.n == 0 || shape.k == 0) return;
  packed_.reset(allocate(kernels_->packed_bytes(shape.k, shape.n)));
  Block<A, B, C> block{.cols = shape.n, .depth = shape.k};
  block.b = b.data();
  block.b_stride = transposed ? 1 : shape.n;
  block.b_step = transposed ? shape.k : 1;
  kernels_->pack(block, packed_.get());
}

template <class A, class B, class C>
void Weights<A, B, C>::multiply(const Gemm& shape,
                                std::span<const A> a,
                                std::span<C> c,
                                int threads) const {
  if (shape.k != shape_.k || shape.n != shape_.n)
    topology::usage_error("matmul: these weights are of another k or n");
  const auto size = static_cast<std::size_t>(shape.k * shape.n);
  check_operands(shape, shape_.type, a.size(), size, c.size());
  if (threads < 1) topology::usage_error("matmul: at least one thread is needed");
  if (shape.k == 0) std::fill(c.begin(), c.end(), C{});  // an empty sum
  if (c.empty() || shape.k == 0) return;
  const Grid grid = best_grid(shape, kernels_->tile_cols, threads);
#pragma omp parallel for num_threads(threads) schedule(static, 1) if (threads > 1)
  for (std::int64_t i = 0; i < grid.blocks(); ++i) {
    const Range rows = grid.rows_of(i, shape);
    const Range cols = grid.cols_of(i, shape, kernels_->tile_cols);
    Block<A, B, C> block{.rows = rows.size(), .cols = shape.n, .depth = shape.k};
    block.a = a.data() + rows.begin * shape.k;
    block.a_stride = shape.k;
    block.c = c.data() + rows.begin * shape.n;
    block.c_stride = shape.n;
    if (rows.size() > 0 && cols.size() > 0)
      kernels_->multiply_packed(block, packed_.get(), cols, Scratch::mine());
  }
}

template class Weights<float, float, float>;
template class Weights<double, double, double>;
template class Weights<BFloat16, BFloat16, float>;
template class Weights<std::uint8_t, std::int8_t, std::int32_t>;

}  // namespace kernels
