// The matmul benchmarks: one table of shapes, registered with Google Benchmark.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/matmul/gemm.hpp"

namespace bench {

/// Squares, and the layers of Llama 3 and GPT-3 as one tensor-parallel rank sees them, in each
/// type.
[[nodiscard]] std::vector<kernels::Gemm> matmul_shapes();

/// One benchmark: a shape by our kernel or, where small, by the plain reference beside it.
struct MatmulCase {
  kernels::Gemm shape;
  bool reference = false;
  std::string label{};  ///< where the shape comes from

  [[nodiscard]] const char* kernel() const { return reference ? "reference" : "blocked"; }
};

/// In the order of the shapes, a reference after its shape.
[[nodiscard]] std::vector<MatmulCase> matmul_cases(std::span<const kernels::Gemm> shapes);

/// "matmul/TYPE/blocked/M:_/N:_/K:_/T:threads" or "matmul/TYPE/reference/M:_/N:_/K:_" for each, in
/// this order. Counters: FLOP/s, bytes/s and FLOP/byte of the
/// compulsory traffic; of blocked also `peak_fraction`, of as many FMA probes as threads; and
/// `control`, the multiply-adds that the same threads did right before and after; where small
/// `vs_reference`, the speed-up; all probed right before. All counters of wall-clock time.
/// @throws Error(usage), see check_multiplied
void register_matmul(std::span<const MatmulCase> cases, int threads);

/// f32, f64, bf16 or i8. @throws Error(usage) for other types
void check_multiplied(topology::DataType type);

}  // namespace bench
