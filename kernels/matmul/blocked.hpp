// The fast CPU matmul: packed panels, register tiles, all threads.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/matmul/bfloat16.hpp"
#include "kernels/matmul/gemm.hpp"

namespace kernels {

/// C = A B, summed in the type of C. The result depends neither on `threads` nor on the layout of A
/// and B: each element is summed in the same order whoever computes it. Sums of i8 wrap around;
/// subnormal bf16 count as zero where the CPU multiplies bf16 itself.
/// @throws Error(usage) when a span does not fit the shape and batch, the type is another, or
/// threads or batch < 1.
void multiply(const Gemm& shape,
              std::span<const float> a,
              std::span<const float> b,
              std::span<float> c,
              int threads,
              const Layout& layout = {});
void multiply(const Gemm& shape,
              std::span<const BFloat16> a,
              std::span<const BFloat16> b,
              std::span<float> c,
              int threads,
              const Layout& layout = {});
void multiply(const Gemm& shape,
              std::span<const double> a,
              std::span<const double> b,
              std::span<double> c,
              int threads,
              const Layout& layout = {});
/// Of type i8: A without sign, as activations come, B with.
void multiply(const Gemm& shape,
              std::span<const std::uint8_t> a,
              std::span<const std::int8_t> b,
              std::span<std::int32_t> c,
              int threads,
              const Layout& layout = {});

/// What `multiply` runs on: "AVX3" (AVX-512), "AVX3 + dot products", "AVX2", "NEON", …
const char* simd_target(topology::DataType type = topology::DataType::f32);

}  // namespace kernels
