#include "bench/training/job_times.hpp"

#include <algorithm>
#include <cmath>

#include "bench/training/gradients.hpp"

namespace bench {

using kernels::Pipeline;
using kernels::PipelineRank;
using topology::Bytes;
using topology::Seconds;

namespace {

/// What is left of `whole`; none where that is rounding only, which would be less than nothing as
/// often as more.
Seconds rest(Seconds whole, Seconds part) {
  const Seconds left = whole - part;
  return std::abs(left.value()) > 1e-12 * whole.value() ? left : Seconds();
}

}  // namespace

JobTimes::JobTimes(const Job& job, Groups& groups)
    : job_(job), times_(job, groups), stages_(kernels::stages(job.model, job.plan)) {
  ChunkTimes chunk_times(job, times_);
  chunks_.reserve(stages_.size());
  for (const kernels::Stage& stage : stages_) chunks_.push_back(chunk_times.of(stage));
}

Bytes pipeline_message(const Job& job) {
  const kernels::Plan& plan = job.plan;
  const double split = plan.sequence_parallel ? static_cast<double>(plan.tensor) : 1;
  return topology::size_of(plan.type) *
         (static_cast<double>(plan.tokens() * job.model.hidden) / split);
}

Taken pipeline_transfer(const Job& job, const OperationTimes& times) {
  const Group* group = times.axes().pipeline;
  return group == nullptr ? Taken() : times.transfer(*group, pipeline_message(job));
}

Pipeline JobTimes::pipeline(bool keep_tasks) const {
  const kernels::Plan& plan = job_.plan;
  Pipeline p;
  p.order = plan.order;
  p.ranks = plan.pipeline;
  p.chunks = plan.order == kernels::PipelineOrder::dual_pipe ? 2 : plan.virtual_stages;
  p.micro_batches = plan.micro_batches();
  p.transfer = transfer().time;
  p.transfer_blocks = !plan.overlap_pipeline;
  p.keep_tasks = keep_tasks;
  p.times.reserve(chunks_.size());
  for (const ChunkSpending& chunk : chunks_) p.times.push_back(chunk.time());
  return p;
}

Spending JobTimes::passes(const Pipeline& pipeline,
                          const PipelineRank& rank,
                          std::int64_t index) const {
  Spending sum;
  for (const kernels::HeldChunk& held : chunks_of(pipeline, index)) {
    const ChunkSpending& chunk = chunks_[static_cast<std::size_t>(held.chunk)];
    for (const Spending* pass : {&chunk.forward, &chunk.backward, &chunk.weights})
      sum.add(*pass, static_cast<double>(held.micro_batches));
  }
  const Seconds sending = pipeline.transfer_blocks ? rest(rank.busy, sum.total()) : Seconds();
  sum[Spent::bubble] = rest(rank.end, sum.total() + sending);
  if (pipeline.transfer_blocks) sum.wait(Spent::pipeline, sending, transfer());
  return sum;
}

JobTimes::Holding JobTimes::holding(const Pipeline& pipeline, std::int64_t index) const {
  Holding all{{}, 0};
  for (const kernels::HeldChunk& held : chunks_of(pipeline, index)) {
    const kernels::HeldParameters of = held_parameters(job_.model, job_.plan, stage(held.chunk));
    all.parameters.dense += of.dense;
    all.parameters.experts += of.experts;
    all.layers += stage(held.chunk).depth();
  }
  all.layers = std::max<std::int64_t>(all.layers, 1);
  return all;
}

Spending JobTimes::after(const Pipeline& pipeline,
                         const PipelineRank& rank,
                         std::int64_t index) const {
  const Holding all = holding(pipeline, index);
  Spending sum = exposed_exchange(
      job_, times_, all.parameters, {rank.first_forward, rank.last_backward, all.layers});
  sum[Spent::optimizer] = optimizer_time(job_, times_, all.parameters);
  return sum;
}

kernels::Memory JobTimes::memory(const Pipeline& pipeline,
                                 const PipelineRank& rank,
                                 std::int64_t index) const {
  return kernels::memory(job_.model, job_.plan, held(pipeline, index), rank.in_flight);
}

std::vector<kernels::Stage> JobTimes::held(const Pipeline& pipeline, std::int64_t index) const {
  std::vector<kernels::Stage> all;
  for (const kernels::HeldChunk& held : chunks_of(pipeline, index))
    all.push_back(stage(held.chunk));
  return all;
}

}  // namespace bench
