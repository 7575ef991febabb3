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

/// The row of C is the middle loop's target, so that all three matrices are walked along their rows
/// and the reference stays usable at a few hundred.
template <class Sum, class A, class B, class C>
void three_loops(const Gemm& shape, const A* a, const B* b, C* c) {
  std::vector<Sum> row(static_cast<std::size_t>(shape.n));
  for (std::int64_t i = 0; i < shape.m; ++i) {
    std::fill(row.begin(), row.end(), Sum{});
    for (std::int64_t k = 0; k < shape.k; ++k) {
      const Sum factor = exact<Sum>(a[i * shape.k + k]);
      const B* b_row = b + k * shape.n;
      for (std::size_t j = 0; j < row.size(); ++j) row[j] += factor * exact<Sum>(b_row[j]);
    }
    std::transform(
        row.begin(), row.end(), c + i * shape.n, [](Sum x) { return static_cast<C>(x); });
  }
}

}  // namespace

void multiply_reference(const Gemm& shape,
                        std::span<const float> a,
                        std::span<const float> b,
                        std::span<float> c) {
  check_operands(shape, topology::DataType::f32, a.size(), b.size(), c.size());
  three_loops<double>(shape, a.data(), b.data(), c.data());
}

void multiply_reference(const Gemm& shape,
                        std::span<const BFloat16> a,
                        std::span<const BFloat16> b,
                        std::span<float> c) {
  check_operands(shape, topology::DataType::bf16, a.size(), b.size(), c.size());
  three_loops<double>(shape, a.data(), b.data(), c.data());
}

void multiply_reference(const Gemm& shape,
                        std::span<const double> a,
                        std::span<const double> b,
                        std::span<double> c) {
  check_operands(shape, topology::DataType::f64, a.size(), b.size(), c.size());
  three_loops<long double>(shape, a.data(), b.data(), c.data());
}

void multiply_reference(const Gemm& shape,
                        std::span<const std::uint8_t> a,
                        std::span<const std::int8_t> b,
                        std::span<std::int32_t> c) {
  check_operands(shape, topology::DataType::i8, a.size(), b.size(), c.size());
  three_loops<std::uint32_t>(shape, a.data(), b.data(), c.data());  // wraps as i32 would
}

}  // namespace kernels
