// The fast CPU matmul: packed panels, register tiles, all threads.
#pragma once

#include <span>

#include "kernels/matmul/bfloat16.hpp"
#include "kernels/matmul/gemm.hpp"

namespace kernels {

/// C = A B, row-major, summed in float. The result does not depend on `threads`: each element is
/// summed in the same order whoever computes it.
/// @throws Error(usage) when a span does not fit the shape, the type is another or threads < 1.
void multiply(const Gemm& shape,
              std::span<const float> a,
              std::span<const float> b,
              std::span<float> c,
              int threads);
void multiply(const Gemm& shape,
              std::span<const BFloat16> a,
              std::span<const BFloat16> b,
              std::span<float> c,
              int threads);

/// The vector unit that `multiply` runs on: "AVX3" (AVX-512), "AVX2", "NEON", …
const char* simd_target();

}  // namespace kernels
