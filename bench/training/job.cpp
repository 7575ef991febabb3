#include "bench/training/job.hpp"

#include <fmt/format.h>

#include "kernels/training/stage.hpp"
#include "topology/axis.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

std::optional<topology::Machine> members(const topology::Machine& machine,
                                         const char* what,
                                         std::int64_t stride,
                                         std::int64_t count) {
  if (count < 2) return std::nullopt;
  try {
    return topology::axis(machine, stride, count);
  } catch (const topology::Error& error) {
    topology::usage_error(fmt::format("{} of {}: {}", what, count, error.what()));
  }
}

}  // namespace

const topology::Machine* Axes::of(kernels::Axis axis) const {
  const auto get = [](const std::optional<topology::Machine>& group) {
    return group ? &*group : nullptr;
  };
  switch (axis) {
    case kernels::Axis::tensor:
      return get(tensor);
    case kernels::Axis::context:
      return get(context);
    case kernels::Axis::expert:
      return get(expert);
    case kernels::Axis::data:
      return get(data);
    case kernels::Axis::pipeline:
      break;
  }
  return get(pipeline);
}

Axes axes(const Job& job) {
  const kernels::Plan& plan = job.plan;
  const topology::Machine& machine = job.machine;
  if (plan.chips() != machine.chips())
    topology::usage_error(fmt::format(
        "tensor {} x context {} x data {} x pipeline {} are {} chips, the machine has {}",
        plan.tensor,
        plan.context,
        plan.data,
        plan.pipeline,
        plan.chips(),
        machine.chips()));
  const std::int64_t data = plan.context * plan.data;
  const bool shards = plan.shard != 0 && plan.shard < data;
  Axes all;
  all.tensor = members(machine, "tensor parallelism", 1, plan.tensor);
  all.context = members(machine, "context parallelism", plan.tensor, plan.context);
  const std::int64_t of_expert = plan.split_experts ? plan.tensor : 1;
  all.expert = members(machine, "expert parallelism", of_expert, plan.expert);
  if (plan.expert_ranks() > 1)
    all.expert_data = members(
        machine, "replicas of experts", plan.expert_ranks(), kernels::expert_replicas(plan));
  all.data = members(machine, "data parallelism", plan.tensor, data);
  if (shards) {
    all.shard = members(machine, "sharding", plan.tensor, plan.shard);
    all.replicas =
        members(machine, "replicas of shards", plan.tensor * plan.shard, data / plan.shard);
  }
  all.pipeline = members(machine, "pipeline parallelism", plan.tensor * data, plan.pipeline);
  return all;
}

}  // namespace bench
