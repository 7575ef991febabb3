// Runs the passes of a pipeline as their inputs come. Internal to pipeline.cpp.
#pragma once

#include <vector>

#include "kernels/training/pipeline.hpp"
#include "kernels/training/pipeline_program.hpp"

namespace kernels {

/// Chunks of the model that a micro-batch passes on its way forward.
[[nodiscard]] std::int64_t pipeline_depth(const Pipeline& pipeline);

/// The passes of each rank in a given order, which must come to its end.
[[nodiscard]] PipelineRun follow(const Pipeline& pipeline,
                                 const std::vector<PipelineProgram>& programs);

/// What is ready first goes first.
[[nodiscard]] PipelineRun choose(const Pipeline& pipeline);

}  // namespace kernels
