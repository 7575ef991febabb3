#include "bench/training/chunk_time.hpp"

#include <algorithm>

namespace bench {
namespace {

using kernels::Axis;
using kernels::Operation;
using kernels::Operations;
using kernels::Sharding;
using kernels::Work;
using topology::Bytes;
using topology::Seconds;

Spent spent_on(const Operation& op) {
  if (op.work == Work::matmul) return Spent::matmul;
  if (op.work == Work::attention) return Spent::attention;
  if (op.work == Work::elementwise) return Spent::elementwise;
  switch (op.axis) {
    case Axis::tensor:
      return Spent::tensor;
    case Axis::context:
      return Spent::context;
    case Axis::expert:
      return Spent::expert;
    case Axis::pipeline:
      return Spent::pipeline;
    case Axis::data:
      break;
  }
  return Spent::data;
}

/// One after the other; what runs beside the operation before it takes what is left over.
Spending spend(const Operations& operations, OperationTimes& times) {
  Spending sum;
  Seconds before;
  Seconds aside;  // what other micro-batches' work hides
  for (const Operation& op : operations) {
    const Seconds alone = times.of(op);
    if (op.beside && op.axis == Axis::expert) {
      aside += alone;
      continue;
    }
    const Seconds taken = op.beside ? std::max(Seconds(), alone - before) : alone;
    if (!op.beside) before = alone;
    sum[spent_on(op)] += taken;
  }
  sum[Spent::expert] += std::max(Seconds(), aside - sum.total());
  return sum;
}

/// Operations that the host launches; collectives wait in the queue of their library.
double launched(const Operations& operations) {
  std::int64_t sum = 0;
  for (const Operation& op : operations)
    if (op.work != Work::collective && op.work != Work::transfer) sum += op.launches;
  return static_cast<double>(sum);
}

/// The host launches one operation after the other, ahead of the chip: the slower of both counts
/// for a pass. Backward, gradients of inputs and of weights are one, where nothing splits them.
void add_launches(const Job& job, const kernels::LayerWork& work, ChunkSpending& to) {
  if (!job.software.launch) return;
  const auto idle = [&](double operations, Seconds busy) {
    return std::max(Seconds(), operations * job.software.launch->value - busy);
  };
  to.forward[Spent::launch] += idle(launched(work.forward), to.forward.total());
  const double weights = launched(work.weights);
  const Seconds busy = to.weights.total();
  const bool together = !kernels::splits_backward(job.plan.order);
  to.backward[Spent::launch] += idle(launched(work.backward) + (together ? weights : 0),
                                     to.backward.total() + (together ? busy : Seconds()));
  if (!together) to.weights[Spent::launch] += idle(weights, busy);
}

/// FSDP: the parameters of a layer are gathered while the one before computes, and its gradients
/// leave while the next does.
void add_sharded(const Job& job,
                 const kernels::Layer& layer,
                 OperationTimes& times,
                 ChunkSpending& spending) {
  const Axes& axes = times.axes();
  const std::optional<topology::Machine>& group = axes.shard ? axes.shard : axes.data;
  if (job.plan.sharding != Sharding::parameters || !group) return;
  const kernels::HeldParameters held =
      held_parameters(job.model, job.plan, {{{layer, 1}}, false, false});
  const double parameters = held.dense + held.experts;
  const Bytes gathered(parameters * topology::size_of(job.plan.type).value());
  const Bytes reduced(parameters * topology::size_of(job.plan.gradient).value());
  const Seconds gather = times.collective(kernels::Collective::all_gather, *group, gathered);
  const Seconds reduce = times.collective(kernels::Collective::reduce_scatter, *group, reduced);
  const auto left = [&](Seconds comes, Seconds computes) {
    return job.plan.overlap_data ? std::max(Seconds(), comes - computes) : comes;
  };
  spending.forward[Spent::data] += left(gather, spending.forward.total());
  spending.backward[Spent::data] +=
      left(gather + reduce, spending.backward.total() + spending.weights.total());
}

}  // namespace

ChunkSpending chunk_spending(const Job& job, const kernels::Stage& stage, OperationTimes& times) {
  ChunkSpending sum;
  const auto add = [&](const kernels::LayerWork& work, const kernels::Layer* layer, double count) {
    ChunkSpending one{
        spend(work.forward, times), spend(work.backward, times), spend(work.weights, times)};
    add_launches(job, work, one);
    if (layer != nullptr) add_sharded(job, *layer, times, one);
    sum.forward.add(one.forward, count);
    sum.backward.add(one.backward, count);
    sum.weights.add(one.weights, count);
  };
  if (stage.first) add(embedding_work(job.model, job.plan), nullptr, 1);
  for (const kernels::Layers& run : stage.layers)
    add(layer_work(job.model, run.layer, job.plan), &run.layer, static_cast<double>(run.count));
  if (stage.last) add(head_work(job.model, job.plan), nullptr, 1);
  return sum;
}

}  // namespace bench
