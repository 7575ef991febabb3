// The matmul problem: C[m x n] = A[m x k] B[k x n], row-major. What it costs, whoever computes it.
#pragma once

#include <cstdint>

#include "topology/chip.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// What products of `type` are summed in: float for the narrower floating types, i32 for i8.
constexpr topology::DataType accumulator(topology::DataType type) {
  using topology::DataType;
  if (type == DataType::f64) return DataType::f64;
  return type == DataType::i8 || type == DataType::i32 ? DataType::i32 : DataType::f32;
}

/// Of i8: sums that leave i32 wrap around, on every vector unit alike.
constexpr std::int32_t wrapped_sum(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}

/// Of m, n and k: the elements of a matrix fit into 64 bits, and so does their sum over thousands.
constexpr std::int64_t largest_dimension = 1000000000;

struct Gemm {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  topology::DataType type = topology::DataType::f32;  ///< of A and B

  friend bool operator==(const Gemm&, const Gemm&) = default;

  /// A multiplication and an addition for each of the m n k terms; padding is not work.
  [[nodiscard]] topology::Flops flops() const { return topology::Flops(2 * product(m, n, k)); }

  /// Compulsory traffic: A and B are read once in `type`, C is written once in `result` and not
  /// read (C is overwritten, not added to).
  [[nodiscard]] topology::Bytes bytes(topology::DataType result) const {
    return (product(m, k) + product(k, n)) * topology::size_of(type) +
           product(m, n) * topology::size_of(result);
  }

  /// With C in the accumulator, as the CPU kernels leave it: f32 for bf16 input.
  [[nodiscard]] topology::Bytes bytes() const { return bytes(accumulator(type)); }

  /// FLOPs per byte of compulsory traffic: the abscissa of a roofline plot.
  [[nodiscard]] topology::FlopsPerByte intensity() const { return flops() / bytes(); }

 private:
  static double product(std::int64_t a, std::int64_t b, std::int64_t c = 1) {
    return static_cast<double>(a) * static_cast<double>(b) * static_cast<double>(c);
  }
};

/// How the matrices lie in memory: as it is, each of them row-major.
struct Layout {
  bool a_transposed = false;  ///< A comes as k x m
  bool b_transposed = false;  ///< B comes as n x k, as the weights of a linear layer do
  std::int64_t batch = 1;     ///< matmuls of the shape: their A, B and C one after the other
};

}  // namespace kernels
