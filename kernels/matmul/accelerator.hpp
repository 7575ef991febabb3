// Time of a matmul on an accelerator: matrix engines beside a memory, in closed form.
//
// Two dataflows (Sze et al., Efficient Processing of Deep Neural Networks, 2017, section V.B):
//
// Weight-stationary, of Trainium and TPU. One operand is held still in a systolic array (the
// stationary one, S wide), the other streams through it (the moving one, V wide); C^T = B^T A^T, so
// S, V may be M, N or N, M, and the faster way counts. The cores share C as a grid of s x v blocks,
// s v = cores, the best of all such grids. C leaves the array all along:
//
//   columns(V) = sum over moving tiles of max(64, tile width)                              [1]
//   padded     = 2 cores (tile_k ceil(K / tile_k)) (tile_m ceil(S / s / tile_m)) columns(V / v)
//   compute    = batch padded / (roof efficiency)
//   load       = (A + B + C once) / (memory_bandwidth memory_efficiency)
//   store      = 0
//
// Output-stationary, of GPUs: a core holds an h x w tile of C in registers, A and B stream past it,
// and C is stored when its last product is in. Tiles are dealt to the cores in waves ("wave
// quantisation", NVIDIA, Matrix Multiplication Background User's Guide); where they are fewer than
// the cores, p cores share the contraction of one and their partial sums pass through memory
// (split-K; p = 1, 2, 4, … until the cores are busy). The best of all tiles and p:
//
//   tiles   = batch ceil(M / h) ceil(N / w);  h, w: tile_m, tile_n and their halves         [2]
//   step    = max(2 h w / (roof efficiency), (h + w) bytes / cache_bandwidth) cores         [3]
//   compute = ceil(p tiles / cores) max(64, ceil(K / p)) step                               [2]
//   load    = (A + B once) / (memory_bandwidth memory_efficiency)
//   store   = (C once, for p > 1 and p float partial sums written and read) / the same
//
// Both, where idle engines start slowly (ramp) and a kernel takes its time to start (launch):
//
//   ramp        = what min(compute, ramp / 2) more of computing adds to max(compute, load)  [4]
//   time        = launch + max(compute, load) + ramp + store
//   lower_bound = max(2 M N K batch / roof, (A + B + C once) / memory_bandwidth)
//
// [1] AWS Neuron NKI guide, Trainium2 architecture and nc_matmul: at most 128 rows of contraction,
//     128 stationary and 512 moving columns an instruction, which issues every max(64, moving
//     columns) cycles; loading the next stationary tile is hidden behind the current one. So a full
//     tile takes 512 cycles, 213.3 ns at 2.4 GHz.
// [2] Tiling and split-K: NVIDIA CUTLASS, Efficient GEMM in CUDA. With small tiles the matrix units
//     wait for operands: at least 8192 elements, 32 a side and 64 deep here, chosen once for all
//     GPUs on results/published/matmul.csv, and so was that stores are not hidden.
// [3] Each tile reads its rows of A and columns of B from the cache. What leaves the cache again
//     before it is reused is not counted: a wave of tiles spans few rows and columns.
// [4] AWS Neuron NKI guide, Trainium2 architecture: after idling the engine runs at about half rate
//     and reaches full rate in some 3 us (current ramp). Taken as half rate all that time: a matmul
//     loses at most half the ramp, and nothing where memory hides it.
//
// Condition: sustained, at the clock that the advertised peak counts. A few matmuls on an otherwise
// idle chip run at its highest clock: in_burst.
#pragma once

#include <cstdint>

#include "kernels/matmul/gemm.hpp"
#include "topology/chip.hpp"
#include "topology/quantity.hpp"

namespace kernels {

enum class Dataflow { weight_stationary, output_stationary };

/// What of a chip a matmul of one data type sees. All cores together, unless said otherwise.
struct TensorEngine {
  topology::FlopsPerSecond roof{};  ///< of the tensor engines alone; no matmul is faster
  topology::FlopsPerSecond peak{};  ///< as advertised; MFU divides by it
  double efficiency = 1;            ///< share of the roof that a large matmul reaches

  // A tile of 1 means no quantisation.
  std::int64_t tile_k = 1;        ///< contraction covered by one pass in this data type
  std::int64_t tile_m = 1;        ///< stationary columns, or most rows of a tile of C
  std::int64_t tile_n = 1;        ///< most moving columns of an instruction, or of a tile of C
  topology::Hertz clock{};        ///< 0 where unknown
  topology::Hertz burst_clock{};  ///< 0: as clock
  std::int64_t cores = 1;
  Dataflow dataflow = Dataflow::weight_stationary;

  topology::BytesPerSecond memory_bandwidth{};
  double memory_efficiency = 1;
  topology::BytesPerSecond cache_bandwidth{};  ///< 0: never binds
  topology::Seconds ramp{};                    ///< from half to full rate after idling
  topology::Seconds launch{};                  ///< of a kernel that does nothing
};

/// The engine of `chip` for matmuls of `type`. Absent figures: the roof is the peak and the other
/// way around, an efficiency is 1, there is one core, no ramp, no launch, no tile quantisation.
/// Weight-stationary, unless the chip has tiles without a depth (tile_m, but no tile_k).
/// @throws Error(usage) when the chip has neither peak nor roof for `type`, or no memory bandwidth.
[[nodiscard]] TensorEngine tensor_engine(const topology::Chip& chip, topology::DataType type);

/// The same engine for the first microseconds of an idle chip: power does not hold its clock down.
[[nodiscard]] TensorEngine in_burst(TensorEngine engine);

struct GemmTime {
  enum class Binding { compute, memory };

  topology::Seconds time;
  topology::Seconds compute;  ///< with padding and efficiency
  topology::Seconds memory;   ///< load and store, with efficiency
  topology::Seconds ramp;     ///< part of `time` lost to the ramp
  topology::Seconds lower_bound;
  Binding binding = Binding::compute;  ///< the longer of compute (with ramp) and memory
};

/// Of `batch` matmuls of the shape, in one kernel. C is written in the type of A and B, as training
/// and inference leave it, but in bf16 for fp8 and fp4.
/// @throws Error(usage) when m, n, k or batch is negative.
[[nodiscard]] GemmTime predict(const Gemm& shape,
                               const TensorEngine& engine,
                               std::int64_t batch = 1);

}  // namespace kernels
