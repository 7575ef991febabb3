#include "bench/training/gradients.hpp"

#include <algorithm>

namespace bench {
namespace {

using kernels::Collective;
using kernels::HeldParameters;
using kernels::Plan;
using kernels::Sharding;
using topology::Bytes;
using topology::Seconds;

/// Adam reads gradient, master copy and two moments in f32, and writes all but the gradient and the
/// parameter in 16 bits; the norm of the gradients reads them once before.
constexpr double optimizer_bytes = 4 * 4 + 3 * 4 + 2 + 4;

struct Moved {
  Taken gradients;
  Taken parameters;
};

/// Of parameters that the members of a group hold alike. With sharded parameters what moves is part
/// of the passes, but for the sums over replicas of shards.
void add(
    Moved& to, const Plan& plan, const OperationTimes& times, double parameters, Group* group) {
  if (parameters == 0 || group == nullptr) return;  // an empty collective is none
  const Bytes gradients = parameters * topology::size_of(plan.gradient);
  const Bytes stored = parameters * topology::size_of(plan.type);
  if (plan.sharding == Sharding::parameters) {
    if (Group* replicas = times.axes().replicas; replicas != nullptr)
      to.gradients.add(times.collective(
          Collective::all_reduce, *replicas, gradients / static_cast<double>(plan.shard)));
    return;
  }
  if (plan.sharding == Sharding::none) {
    to.gradients.add(times.collective(Collective::all_reduce, *group, gradients));
    return;
  }
  const Axes& axes = times.axes();
  const bool of_shards = axes.shard != nullptr && group == axes.data;
  Group& sharers = of_shards ? *axes.shard : *group;
  to.gradients.add(times.collective(Collective::reduce_scatter, sharers, gradients));
  if (of_shards)
    to.gradients.add(times.collective(
        Collective::all_reduce, *axes.replicas, gradients / static_cast<double>(plan.shard)));
  to.parameters.add(times.collective(Collective::all_gather, sharers, stored));
}

Moved moved_of(const Plan& plan, const OperationTimes& times, const HeldParameters& held) {
  const Axes& axes = times.axes();
  Moved moved;
  add(moved, plan, times, held.dense, axes.data);
  add(moved, plan, times, held.experts, plan.expert_ranks() > 1 ? axes.expert_data : axes.data);
  return moved;
}

/// Parameters that the optimizer of a rank updates.
double updated(const Plan& plan, const HeldParameters& held) {
  if (plan.sharding < Sharding::optimizer) return held.dense + held.experts;
  return held.dense / static_cast<double>(plan.sharers()) +
         held.experts / static_cast<double>(kernels::expert_replicas(plan));
}

}  // namespace

Spending exposed_exchange(const Job& job,
                          const OperationTimes& times,
                          const HeldParameters& held,
                          const Cover& cover) {
  const Moved moved = moved_of(job.plan, times, held);
  const double tail = 1 / static_cast<double>(cover.layers);
  Spending sum;
  const auto expose = [&](const Taken& moves, Seconds passes) {
    const Seconds left =
        job.plan.overlap_data ? std::max(tail * moves.time, moves.time - passes) : moves.time;
    sum.wait(Spent::data, left, moves);
  };
  expose(moved.gradients, cover.backward);
  expose(moved.parameters, cover.forward);
  return sum;
}

Seconds optimizer_time(const Job& job, const OperationTimes& times, const HeldParameters& held) {
  return times.streamed(Bytes(updated(job.plan, held) * optimizer_bytes));
}

}  // namespace bench
