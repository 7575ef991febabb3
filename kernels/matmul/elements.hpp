// The types that the CPU kernels multiply: elements of A, B and C, one row each.
#pragma once

#include <cstdint>

#include "kernels/matmul/bfloat16.hpp"
#include "topology/chip.hpp"

namespace kernels {

template <class OfA, class OfB, class OfC, topology::DataType data_type>
struct Elements {
  using A = OfA;
  using B = OfB;
  using C = OfC;
  static constexpr topology::DataType type = data_type;
};

using F32 = Elements<float, float, float, topology::DataType::f32>;
using F64 = Elements<double, double, double, topology::DataType::f64>;
using Bf16 = Elements<BFloat16, BFloat16, float, topology::DataType::bf16>;
using I8 = Elements<std::uint8_t, std::int8_t, std::int32_t, topology::DataType::i8>;

}  // namespace kernels
