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

/// Of parameters that the members of a group hold alike.
void add(DataMoves& to, const Plan& plan, const Axes& axes, double parameters, Group* group) {
  if (parameters == 0 || group == nullptr) return;  // an empty collective is none
  const Bytes gradients = parameters * topology::size_of(plan.gradient);
  const Bytes stored = parameters * topology::size_of(plan.type);
  const DataMove of_replicas{
      Collective::all_reduce, axes.replicas, gradients / static_cast<double>(plan.sharers())};
  if (plan.sharding == Sharding::parameters) {
    if (axes.replicas != nullptr && group == axes.data) to.gradients.push_back(of_replicas);
    return;
  }
  if (plan.sharding == Sharding::none) {
    to.gradients.push_back({Collective::all_reduce, group, gradients});
    return;
  }
  const bool of_shards = axes.shard != nullptr && group == axes.data;
  Group* sharers = of_shards ? axes.shard : group;
  to.gradients.push_back({Collective::reduce_scatter, sharers, gradients});
  if (of_shards) to.gradients.push_back(of_replicas);
  to.parameters.push_back({Collective::all_gather, sharers, stored});
}

Group* of_experts(const Plan& plan, const Axes& axes) {
  return plan.expert_ranks() > 1 ? axes.expert_data : axes.data;
}

/// Parameters that the optimizer of a rank updates.
double updated(const Plan& plan, const HeldParameters& held) {
  if (plan.sharding < Sharding::optimizer) return held.dense + held.experts;
  return held.dense / static_cast<double>(plan.sharers()) +
         held.experts / static_cast<double>(kernels::expert_replicas(plan));
}

}  // namespace

DataMoves data_moves(const Plan& plan, const Axes& axes, const HeldParameters& held) {
  DataMoves moves;
  add(moves, plan, axes, held.dense, axes.data);
  add(moves, plan, axes, held.experts, of_experts(plan, axes));
  return moves;
}

DataMoves moves_of_passes(const Plan& plan, const Axes& axes, const HeldParameters& held) {
  DataMoves moves;
  const auto share = [&](double parameters, Group* group) {
    if (parameters == 0 || group == nullptr) return;
    if (group == axes.data && axes.shard != nullptr) group = axes.shard;
    moves.parameters.push_back(
        {Collective::all_gather, group, parameters * topology::size_of(plan.type)});
    moves.gradients.push_back(
        {Collective::reduce_scatter, group, parameters * topology::size_of(plan.gradient)});
  };
  if (plan.sharding != Sharding::parameters) return moves;
  Group* experts = of_experts(plan, axes);
  if (experts == axes.data) {
    share(held.dense + held.experts, axes.data);
  } else {
    share(held.dense, axes.data);
    share(held.experts, experts);
  }
  return moves;
}

Taken taken_by(const std::vector<DataMove>& moves, const OperationTimes& times) {
  Taken sum;
  for (const DataMove& move : moves)
    sum.add(times.collective(move.collective, *move.group, move.size));
  return sum;
}

Spending exposed_exchange(const Job& job,
                          const OperationTimes& times,
                          const HeldParameters& held,
                          const Cover& cover) {
  const DataMoves moves = data_moves(job.plan, times.axes(), held);
  const double tail = 1 / static_cast<double>(cover.layers);
  Spending sum;
  const auto expose = [&](const Taken& taken, Seconds passes) {
    const Seconds left =
        job.plan.overlap_data ? std::max(tail * taken.time, taken.time - passes) : taken.time;
    sum.wait(Spent::data, left, taken);
  };
  expose(taken_by(moves.gradients, times), cover.backward);
  expose(taken_by(moves.parameters, times), cover.forward);
  return sum;
}

Bytes optimizer_traffic(const Plan& plan, const HeldParameters& held) {
  return Bytes(updated(plan, held) * optimizer_bytes);
}

Seconds optimizer_time(const Job& job, const OperationTimes& times, const HeldParameters& held) {
  return times.streamed(optimizer_traffic(job.plan, held));
}

}  // namespace bench
