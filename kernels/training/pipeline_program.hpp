// What each rank of a pipeline does, in which order. Internal to pipeline.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/training/pipeline.hpp"

namespace kernels {

/// A pass of a chunk, by the place of the chunk in the model.
struct ProgramStep {
  Pass pass = Pass::forward;
  std::int64_t chunk = 0;
  std::int64_t micro_batch = 0;
};

using PipelineProgram = std::vector<ProgramStep>;

/// Chosen as passes of some times run: the next is whatever is ready, backward first, weights last.
[[nodiscard]] constexpr bool is_greedy(PipelineOrder order) {
  return order == PipelineOrder::zb_v || order == PipelineOrder::dual_pipe;
}

/// Of the orders that are not greedy.
[[nodiscard]] PipelineProgram program_of(const Pipeline& pipeline, std::int64_t rank);

}  // namespace kernels
