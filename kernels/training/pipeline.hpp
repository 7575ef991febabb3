// The order in which the ranks of a pipeline work on micro-batches, and when each piece of work
// runs. Every order is a program per rank, run against the dependencies between chunks; bubbles
// come out of the run. Where all chunks take the same times F (forward), B (backward, down to the
// input) and W (gradients of the weights), without transfers, the idle time of each rank is
//
//   gpipe, 1f1b    (p - 1)(F + B + W)          GPipe arXiv:1811.06965; PipeDream-Flush
//   arXiv:2006.09503 interleaved    (p - 1)(F + B + W) / v      Narayanan et al., arXiv:2104.04473
//   zb_h1          (p - 1)(F + B - W)          Qi et al., arXiv:2401.10241, where F = B = W
//
// F, B and W of a rank's whole share here. zb_v and dual_pipe put two chunks on each rank, the
// second in the reverse order of ranks; dual_pipe feeds micro-batches from both ends (DeepSeek-V3,
// arXiv:2412.19437). Their order is what is ready first, where passes take times of fixed ratios.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/training/plan.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// Times of a micro-batch in one chunk of layers.
struct ChunkTime {
  topology::Seconds forward;
  topology::Seconds backward;  ///< down to the input
  topology::Seconds weights;
};

struct Pipeline {
  PipelineOrder order = PipelineOrder::one_f_one_b;
  std::int64_t ranks = 1;
  std::int64_t chunks = 1;  ///< on each rank
  std::int64_t micro_batches = 1;
  topology::Seconds transfer;    ///< of activations or their gradient to the next chunk
  bool transfer_blocks = false;  ///< the sender does nothing else meanwhile
  std::vector<ChunkTime> times;  ///< of the ranks x chunks chunks, in the order of the model
  bool keep_tasks = true;        ///< else only what they come to
};

enum class Pass { forward, backward, weights };

struct PipelineTask {
  Pass pass = Pass::forward;
  std::int64_t chunk = 0;  ///< of the model
  std::int64_t micro_batch = 0;
  topology::Seconds start;
  topology::Seconds end;
};

/// What the tasks of a rank come to.
struct PipelineRank {
  topology::Seconds end;            ///< of the last
  topology::Seconds busy;           ///< in tasks
  topology::Seconds first_forward;  ///< of that, the first micro-batch on its way forward
  topology::Seconds last_backward;  ///< and the last one on its way back
  std::int64_t in_flight = 0;       ///< most activations held (chunks x micro-batches)
};

struct PipelineRun {
  std::vector<PipelineRank> ranks;
  std::vector<std::vector<PipelineTask>> tasks;  ///< of each rank, in the order of time, if kept
  topology::Seconds time;                        ///< from the first start to the last end

  /// Idle, from the first start of any rank to the last end.
  [[nodiscard]] topology::Seconds bubble(std::size_t rank) const { return time - ranks[rank].busy; }
};

/// Do weights have passes of their own, apart from the backward ones?
[[nodiscard]] constexpr bool splits_backward(PipelineOrder order) {
  return order == PipelineOrder::zb_h1 || order == PipelineOrder::zb_v ||
         order == PipelineOrder::dual_pipe;
}

/// Rank that has a chunk of the model.
[[nodiscard]] std::int64_t rank_of(const Pipeline& pipeline, std::int64_t chunk);

/// Micro-batches that pass a rank in a chunk of the model.
struct HeldChunk {
  std::int64_t chunk = 0;
  std::int64_t micro_batches = 0;
};

[[nodiscard]] std::vector<HeldChunk> chunks_of(const Pipeline& pipeline, std::int64_t rank);

/// @throws Error(usage) where the order cannot do with the counts, says what it needs
[[nodiscard]] PipelineRun run(const Pipeline& pipeline);

[[nodiscard]] const char* name(PipelineOrder order);
/// @throws Error(usage) with the known names
[[nodiscard]] PipelineOrder pipeline_order(const std::string& text);
[[nodiscard]] std::vector<std::string> pipeline_order_names();

}  // namespace kernels
