#include "bench/training/step.hpp"

#include <algorithm>

#include "bench/training/chunk_time.hpp"
#include "bench/training/operation_time.hpp"
#include "kernels/training/counts.hpp"
#include "kernels/training/stage.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Collective;
using kernels::Pass;
using kernels::Plan;
using kernels::Sharding;
using topology::Bytes;
using topology::Seconds;

/// Adam reads gradient, master copy and two moments in f32, and writes all but the gradient and the
/// parameter in 16 bits; the norm of the gradients reads them once before.
constexpr double optimizer_bytes = 4 * 4 + 3 * 4 + 2 + 4;

class StepWriter {
 public:
  explicit StepWriter(const Job& job)
      : job_(job), plan_(job.plan), times_(job), stages_(stages(job.model, job.plan)) {
    for (const kernels::Stage& stage : stages_)
      chunks_.push_back(chunk_spending(job, stage, times_));
  }

  Step write() {
    Step step;
    step.run = run(pipeline());
    for (std::size_t r = 0; r < step.run.tasks.size(); ++r) consider(step, r);
    count(step);
    return step;
  }

 private:
  [[nodiscard]] kernels::Pipeline pipeline() {
    kernels::Pipeline p;
    p.order = plan_.order;
    p.ranks = plan_.pipeline;
    p.chunks = plan_.order == kernels::PipelineOrder::dual_pipe ? 2 : plan_.virtual_stages;
    p.micro_batches = plan_.micro_batches();
    if (const auto& group = times_.axes().pipeline) {
      const double split = plan_.sequence_parallel ? static_cast<double>(plan_.tensor) : 1;
      p.transfer =
          times_.transfer(*group,
                          topology::size_of(plan_.type) *
                              (static_cast<double>(plan_.tokens() * job_.model.hidden) / split));
    }
    p.transfer_blocks = !plan_.overlap_pipeline;
    for (const ChunkSpending& chunk : chunks_) p.times.push_back(chunk.time());
    return p;
  }

  /// Chunks that a rank holds.
  [[nodiscard]] std::vector<kernels::Stage> held_by(const kernels::PipelineRun& run,
                                                    std::size_t rank) const {
    std::vector<bool> has(stages_.size());
    for (const kernels::PipelineTask& task : run.tasks[rank])
      has[static_cast<std::size_t>(task.chunk)] = true;
    std::vector<kernels::Stage> held;
    for (std::size_t c = 0; c < has.size(); ++c)
      if (has[c]) held.push_back(stages_[c]);
    return held;
  }

  /// Is this the rank that is through last, or that needs most memory?
  void consider(Step& step, std::size_t rank) {
    const std::vector<kernels::Stage> held = held_by(step.run, rank);
    const kernels::Memory needed =
        kernels::memory(job_.model, plan_, held, step.run.in_flight[rank]);
    if (needed.total() > step.memory.total()) step.memory = needed;
    Spending spending = of_passes(step.run, rank);
    add_gradients(spending, step.run, rank, held);
    if (spending.total() <= step.time) return;
    step.time = spending.total();
    step.spending = spending;
    step.rank = static_cast<std::int64_t>(rank);
  }

  [[nodiscard]] Spending of_passes(const kernels::PipelineRun& run, std::size_t rank) const {
    Spending sum;
    Seconds busy;
    for (const kernels::PipelineTask& task : run.tasks[rank]) {
      const ChunkSpending& chunk = chunks_[static_cast<std::size_t>(task.chunk)];
      Spending of;
      if (task.pass == Pass::forward) of = chunk.forward;
      if (task.pass == Pass::backward) of = chunk.backward;
      if (task.pass == Pass::weights ||
          (task.pass == Pass::backward && !splits_backward(plan_.order)))
        of.add(chunk.weights);
      const Seconds took = task.end - task.start;
      if (!plan_.overlap_pipeline) of[Spent::pipeline] += took - of.total();  // sending
      sum.add(of);
      busy += took;
    }
    sum[Spent::bubble] = run.tasks[rank].back().end - busy;
    return sum;
  }

  /// What hides the exchange of gradients and parameters: the last micro-batch going backward, the
  /// first going forward.
  struct Cover {
    Seconds forward;
    Seconds backward;
  };

  [[nodiscard]] Cover cover_of(const kernels::PipelineRun& run, std::size_t rank) const {
    Cover cover;
    for (const kernels::PipelineTask& task : run.tasks[rank]) {
      const Seconds took = task.end - task.start;
      if (task.micro_batch == 0 && task.pass == Pass::forward) cover.forward += took;
      if (task.micro_batch + 1 == plan_.micro_batches() && task.pass != Pass::forward)
        cover.backward += took;
    }
    return cover;
  }

  void add_gradients(Spending& to,
                     const kernels::PipelineRun& run,
                     std::size_t rank,
                     const std::vector<kernels::Stage>& held) {
    kernels::HeldParameters all;
    std::int64_t layers = 0;
    for (const kernels::Stage& stage : held) {
      const kernels::HeldParameters of = held_parameters(job_.model, plan_, stage);
      all.dense += of.dense;
      all.experts += of.experts;
      layers += stage.depth();
    }
    const Moved moved = moved_of(all);
    const Cover cover = cover_of(run, rank);
    const double tail = layers > 0 ? 1.0 / static_cast<double>(layers) : 1;
    to[Spent::data] +=
        left(moved.gradients, cover.backward, tail) + left(moved.parameters, cover.forward, tail);
    to[Spent::optimizer] += times_.streamed(Bytes(updated(all) * optimizer_bytes));
  }

  /// Parameters that the optimizer of this rank updates.
  [[nodiscard]] double updated(const kernels::HeldParameters& all) const {
    if (plan_.sharding < Sharding::optimizer) return all.dense + all.experts;
    return all.dense / static_cast<double>(plan_.sharers()) +
           all.experts / static_cast<double>(kernels::expert_replicas(plan_));
  }

  struct Moved {
    Seconds gradients;
    Seconds parameters;
  };

  [[nodiscard]] Moved moved_of(const kernels::HeldParameters& all) {
    const Axes& axes = times_.axes();
    Moved moved;
    if (axes.data) add(moved, all.dense, *axes.data);
    if (axes.expert_data && plan_.expert_ranks() > 1) add(moved, all.experts, *axes.expert_data);
    if (axes.data && plan_.expert_ranks() == 1) add(moved, all.experts, *axes.data);
    return moved;
  }

  /// Of parameters that the members of a group hold alike. With sharded parameters what moves is
  /// part of the passes, but for the sums over replicas of shards.
  void add(Moved& to, double parameters, const topology::Machine& group) {
    if (parameters == 0) return;  // an empty collective is none
    const Bytes gradients = parameters * topology::size_of(plan_.gradient);
    const Bytes stored = parameters * topology::size_of(plan_.type);
    const Axes& axes = times_.axes();
    if (plan_.sharding == Sharding::parameters) {
      if (axes.replicas)
        to.gradients += times_.collective(
            Collective::all_reduce, *axes.replicas, gradients / static_cast<double>(plan_.shard));
      return;
    }
    if (plan_.sharding == Sharding::none) {
      to.gradients += times_.collective(Collective::all_reduce, group, gradients);
      return;
    }
    const bool of_shards = axes.shard && &group == &*axes.data;
    const topology::Machine& sharers = of_shards ? *axes.shard : group;
    to.gradients += times_.collective(Collective::reduce_scatter, sharers, gradients);
    if (of_shards)
      to.gradients += times_.collective(
          Collective::all_reduce, *axes.replicas, gradients / static_cast<double>(plan_.shard));
    to.parameters += times_.collective(Collective::all_gather, sharers, stored);
  }

  /// What passes of a time leave of it: the last layer's share comes after them in any case.
  [[nodiscard]] Seconds left(Seconds moves, Seconds passes, double tail) const {
    if (!plan_.overlap_data) return moves;
    return std::max(tail * moves, moves - passes);
  }

  void count(Step& step) const {
    step.tokens = static_cast<double>(plan_.batch * plan_.sequence);
    step.model = step.tokens * training_flops(job_.model, plan_.sequence);
    step.hardware = plan_.recompute == kernels::Recompute::full
                        ? step.tokens * recomputed_flops(job_.model, plan_.sequence)
                        : step.model;
    step.peak = static_cast<double>(plan_.chips()) *
                kernels::tensor_engine(job_.machine.chip, plan_.type).peak;
  }

  const Job& job_;
  const Plan& plan_;
  OperationTimes times_;
  std::vector<kernels::Stage> stages_;
  std::vector<ChunkSpending> chunks_;
};

}  // namespace

const char* name(Spent spent) {
  static constexpr std::array<const char*, spent_kinds> names{"matmul",
                                                              "attention",
                                                              "element-wise",
                                                              "launch",
                                                              "tensor parallel",
                                                              "context parallel",
                                                              "expert parallel",
                                                              "pipeline transfer",
                                                              "data parallel",
                                                              "bubble",
                                                              "optimizer"};
  return names.at(static_cast<std::size_t>(spent));
}

Seconds Spending::total() const {
  Seconds sum;
  for (const Seconds part : of) sum += part;
  return sum;
}

void Spending::add(const Spending& other, double times) {
  for (std::size_t i = 0; i < of.size(); ++i) of[i] += times * other.of[i];
}

Step predict_step(const Job& job) {
  check(job.plan, job.model);
  return StepWriter(job).write();
}

}  // namespace bench
