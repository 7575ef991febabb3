// A matrix B that many others are multiplied by, put once into the order in which the kernels read
// it: what a matmul with few rows would spend most of its time on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/gemm.hpp"

namespace kernels {

/// Of the types of `multiply` in blocked.hpp.
template <class A, class B, class C>
class Weights {
 public:
  /// @param shape of what they will be multiplied by; its m does not matter
  /// @param transposed b comes as n x k, row-major
  /// @throws Error(usage) where b does not fit k and n
  Weights(const Gemm& shape, std::span<const B> b, bool transposed = false);

  /// C = A B, bit for bit what `multiply` gives.
  /// @throws Error(usage) where the shape has another k or n, or a span does not fit
  void multiply(const Gemm& shape, std::span<const A> a, std::span<C> c, int threads) const;

 private:
  struct Free {
    void operator()(std::byte* area) const { std::free(area); }
  };

  Gemm shape_;
  const BlockKernels<A, B, C>* kernels_;  ///< those that know this order
  std::unique_ptr<std::byte, Free> packed_;
};

using WeightsF32 = Weights<float, float, float>;
using WeightsF64 = Weights<double, double, double>;
using WeightsBf16 = Weights<BFloat16, BFloat16, float>;
using WeightsI8 = Weights<std::uint8_t, std::int8_t, std::int32_t>;

}  // namespace kernels
