// The matmul to check others against: three loops, double accumulation, no cleverness.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/matmul/bfloat16.hpp"
#include "kernels/matmul/gemm.hpp"

namespace kernels {

/// C = A B. Each element is summed in double (f64: in long double; i8: in i32, which
/// wraps around) in the order of k and rounded once.
/// @throws Error(usage) when a span does not fit the shape and batch or the type is another.
void multiply_reference(const Gemm& shape,
                        std::span<const float> a,
                        std::span<const float> b,
                        std::span<float> c,
                        const Layout& layout = {});
void multiply_reference(const Gemm& shape,
                        std::span<const BFloat16> a,
                        std::span<const BFloat16> b,
                        std::span<float> c,
                        const Layout& layout = {});
void multiply_reference(const Gemm& shape,
                        std::span<const double> a,
                        std::span<const double> b,
                        std::span<double> c,
                        const Layout& layout = {});
void multiply_reference(const Gemm& shape,
                        std::span<const std::uint8_t> a,
                        std::span<const std::int8_t> b,
                        std::span<std::int32_t> c,
                        const Layout& layout = {});

}  // namespace kernels
