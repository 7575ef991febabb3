// The matmul benchmarks: one table of shapes, registered with Google Benchmark.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/matmul/gemm.hpp"

namespace bench {

/// Squares, and the layers of Llama 3 and GPT-3 as one tensor-parallel rank sees them, in each
/// type.
[[nodiscard]] std::vector<kernels::Gemm> matmul_shapes();

/// For each shape "matmul/TYPE/blocked/M:_/N:_/K:_/T:threads", and small shapes
/// also "matmul/TYPE/reference/M:_/N:_/K:_". Counters: FLOP/s, bytes/s and FLOP/byte of the
/// compulsory traffic; of blocked also `peak_fraction`, of as many FMA probes as threads; and
/// `control`, the multiply-adds that the same threads did right before and after; with few
/// rows `stream_fraction`, of the faster of two streaming loops; where small `vs_reference`, the
/// speed-up; all probed right before. All counters of wall-clock time.
/// @param left_out so many of them, the first, are not registered
/// @throws Error(usage), see check_multiplied
void register_matmul(std::span<const kernels::Gemm> shapes, int threads, std::int64_t left_out = 0);

/// How many benchmarks that is.
[[nodiscard]] std::int64_t benchmarks_of(const kernels::Gemm& shape);
[[nodiscard]] std::int64_t benchmarks_of(std::span<const kernels::Gemm> shapes);

/// f32, f64, bf16 or i8. @throws Error(usage) for other types
void check_multiplied(topology::DataType type);

}  // namespace bench
