#include "kernels/matmul/reference.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/matmul/operands.hpp"

namespace kernels {
namespace {

/// The row of C is the middle loop's target, so that all three matrices are walked along their rows
/// and the reference stays usable at a few hundred.
template <class T>
void three_loops(const Gemm& shape, const T* a, const T* b, float* c) {
  std::vector<double> row(static_cast<std::size_t>(shape.n));
  for (std::int64_t i = 0; i < shape.m; ++i) {
    std::fill(row.begin(), row.end(), 0.0);
    for (std::int64_t k = 0; k < shape.k; ++k) {
      const auto factor = static_cast<double>(static_cast<float>(a[i * shape.k + k]));
      const T* b_row = b + k * shape.n;
      for (std::size_t j = 0; j < row.size(); ++j)
        row[j] += factor * static_cast<double>(static_cast<float>(b_row[j]));
    }
    std::transform(
        row.begin(), row.end(), c + i * shape.n, [](double x) { return static_cast<float>(x); });
  }
}

}  // namespace

void multiply_reference(const Gemm& shape,
                        std::span<const float> a,
                        std::span<const float> b,
                        std::span<float> c) {
  check_operands(shape, topology::DataType::f32, a.size(), b.size(), c.size());
  three_loops(shape, a.data(), b.data(), c.data());
}

void multiply_reference(const Gemm& shape,
                        std::span<const BFloat16> a,
                        std::span<const BFloat16> b,
                        std::span<float> c) {
  check_operands(shape, topology::DataType::bf16, a.size(), b.size(), c.size());
  three_loops(shape, a.data(), b.data(), c.data());
}

}  // namespace kernels
