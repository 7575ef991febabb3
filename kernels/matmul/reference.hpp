// The matmul to check others against: three loops, double accumulation, no cleverness.
#pragma once

#include <span>

#include "kernels/matmul/bfloat16.hpp"
#include "kernels/matmul/gemm.hpp"

namespace kernels {

/// C = A B, row-major. Each element is summed in double in the order of k and rounded to float
/// once.
/// @throws Error(usage) when a span does not fit the shape or the type is another.
void multiply_reference(const Gemm& shape,
                        std::span<const float> a,
                        std::span<const float> b,
                        std::span<float> c);
void multiply_reference(const Gemm& shape,
                        std::span<const BFloat16> a,
                        std::span<const BFloat16> b,
                        std::span<float> c);

}  // namespace kernels
