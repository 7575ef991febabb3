// Time of a matmul on an accelerator: a tiled systolic array beside a memory, in closed form.
//
// One operand is held still in the array (the stationary one, S wide), the other streams through it
// (the moving one, V wide); C^T = B^T A^T, so S, V may be M, N or N, M, and the faster way counts.
// The cores share C as a grid of s x v blocks, s v = cores, the best of all such grids. Then
//
//   columns(V) = sum over moving tiles of max(64, tile width)                              [1]
//   padded     = 2 cores (tile_k ceil(K / tile_k)) (tile_m ceil(S / s / tile_m)) columns(V / v)
//   compute    = padded / (roof efficiency)
//   memory     = (A + B + C once) / (memory_bandwidth memory_efficiency)
//   ramp       = what min(compute, ramp / 2) more of computing adds to max(compute, memory)  [2]
//   time       = max(compute, memory) + ramp
//   lower_bound = max(2 M N K / roof, (A + B + C once) / memory_bandwidth)
//
// [1] AWS Neuron NKI guide, Trainium2 architecture and nc_matmul: at most 128 rows of contraction,
//     128 stationary and 512 moving columns an instruction, which issues every max(64, moving
//     columns) cycles; loading the next stationary tile is hidden behind the current one. So a full
//     tile takes 512 cycles, 213.3 ns at 2.4 GHz.
// [2] The same guide: after idling the engine runs at about half rate and reaches full rate in some
//     3 us (current ramp). Taken as half rate all that time: a matmul loses at most half the ramp,
//     and nothing where memory hides it.
//
// "Wave quantisation" (NVIDIA, Matrix Multiplication Background User's Guide) is the grid of cores.
#pragma once

#include <cstdint>

#include "kernels/matmul/gemm.hpp"
#include "topology/chip.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// What of a chip a matmul of one data type sees. All cores together, unless said otherwise.
struct TensorEngine {
  topology::FlopsPerSecond roof{};  ///< of the tensor engines alone; no matmul is faster
  topology::FlopsPerSecond peak{};  ///< as advertised; MFU divides by it
  double efficiency = 1;            ///< share of the roof that a large matmul reaches

  // A tile of 1 means no quantisation.
  std::int64_t tile_k = 1;  ///< contraction covered by one pass in this data type
  std::int64_t tile_m = 1;  ///< stationary columns
  std::int64_t tile_n = 1;  ///< most moving columns of an instruction
  topology::Hertz clock{};  ///< 0 where unknown
  std::int64_t cores = 1;

  topology::BytesPerSecond memory_bandwidth{};
  double memory_efficiency = 1;
  topology::Seconds ramp{};  ///< from half to full rate after idling
};

/// The engine of `chip` for matmuls of `type`. Absent figures: the roof is the peak and the other
/// way around, an efficiency is 1, there is one core, no ramp, no tile quantisation.
/// @throws Error(usage) when the chip has neither peak nor roof for `type`, or no memory bandwidth.
[[nodiscard]] TensorEngine tensor_engine(const topology::Chip& chip, topology::DataType type);

struct GemmTime {
  enum class Binding { compute, memory };

  topology::Seconds time;
  topology::Seconds compute;  ///< with padding and efficiency
  topology::Seconds memory;   ///< with efficiency
  topology::Seconds ramp;     ///< part of `time` lost to the ramp
  topology::Seconds lower_bound;
  Binding binding = Binding::compute;  ///< the longer of compute (with ramp) and memory
};

/// C is written in the type of A and B, as training and inference leave it, but in bf16 for fp8 and
/// fp4. @throws Error(usage) when m, n or k is negative.
[[nodiscard]] GemmTime predict(const Gemm& shape, const TensorEngine& engine);

}  // namespace kernels
