#include "kernels/matmul/reference.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/matmul/operands.hpp"

namespace kernels {
namespace {

template <class Sum, class T>
Sum exact(T value) {
  return static_cast<Sum>(value);
}

template <class Sum>
Sum exact(BFloat16 value) {
  return static_cast<Sum>(static_cast<float>(value));
}

/// The row of C is the middle loop's target, so that where nothing is transposed all three matrices
/// are walked along their rows and the reference stays usable at a few hundred.
template <class Sum, class A, class B, class C>
void three_loops(const Gemm& shape, const A* a, const B* b, C* c, const Layout& layout) {
  std::vector<Sum> row(static_cast<std::size_t>(shape.n));
  for (std::int64_t i = 0; i < shape.m; ++i) {
    std::fill(row.begin(), row.end(), Sum{});
    for (std::int64_t k = 0; k < shape.k; ++k) {
      const Sum factor = exact<Sum>(layout.a_transposed ? a[k * shape.m + i] : a[i * shape.k + k]);
      for (std::int64_t j = 0; j < shape.n; ++j)
        row[static_cast<std::size_t>(j)] +=
            factor * exact<Sum>(layout.b_transposed ? b[j * shape.k + k] : b[k * shape.n + j]);
    }
    std::transform(
        row.begin(), row.end(), c + i * shape.n, [](Sum x) { return static_cast<C>(x); });
  }
}

template <class Sum, class A, class B, class C>
void multiply_each(const Gemm& shape,
                   topology::DataType type,
                   std::span<const A> a,
                   std::span<const B> b,
                   std::span<C> c,
                   const Layout& layout) {
  check_operands(shape, type, a.size(), b.size(), c.size(), layout.batch);
  for (std::int64_t i = 0; i < layout.batch; ++i)
    three_loops<Sum>(shape,
                     a.data() + i * shape.m * shape.k,
                     b.data() + i * shape.k * shape.n,
                     c.data() + i * shape.m * shape.n,
                     layout);
}

}  // namespace

void multiply_reference(const Gemm& shape,
                        std::span<const float> a,
                        std::span<const float> b,
                        std::span<float> c,
                        const Layout& layout) {
  multiply_each<double>(shape, topology::DataType::f32, a, b, c, layout);
}

void multiply_reference(const Gemm& shape,
                        std::span<const BFloat16> a,
                        std::span<const BFloat16> b,
                        std::span<float> c,
                        const Layout& layout) {
  multiply_each<double>(shape, topology::DataType::bf16, a, b, c, layout);
}

void multiply_reference(const Gemm& shape,
                        std::span<const double> a,
                        std::span<const double> b,
                        std::span<double> c,
                        const Layout& layout) {
  multiply_each<long double>(shape, topology::DataType::f64, a, b, c, layout);
}

void multiply_reference(const Gemm& shape,
                        std::span<const std::uint8_t> a,
                        std::span<const std::int8_t> b,
                        std::span<std::int32_t> c,
                        const Layout& layout) {
  multiply_each<std::uint32_t>(
      shape, topology::DataType::i8, a, b, c, layout);  // wraps as i32 would
}

}  // namespace kernels
