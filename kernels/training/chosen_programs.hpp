// Programs of the pipeline orders that have none of their own: what is ready first goes first,
// where passes take times of fixed ratios. An order that followed the times at hand could make a
// run slower when a pass gets faster (Graham, Bounds on multiprocessing timing anomalies, SIAM J.
// Appl. Math. 1969). So a pipeline takes the best of a few that do not. Internal to pipeline.cpp.
#pragma once

#include <memory>
#include <vector>

#include "kernels/training/pipeline.hpp"
#include "kernels/training/pipeline_program.hpp"

namespace kernels {

/// For each of the ratios those of all ranks.
using ChosenPrograms = std::vector<std::vector<PipelineProgram>>;

/// They depend on order, ranks, chunks and micro-batches alone, and those asked for last are kept:
/// comparing three systems by their best plans times 11,000 plans of 68 pipelines. Any thread may
/// ask.
[[nodiscard]] std::shared_ptr<const ChosenPrograms> chosen_programs(const Pipeline& pipeline);

}  // namespace kernels
