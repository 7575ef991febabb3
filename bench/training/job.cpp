#include "bench/training/job.hpp"

#include <fmt/format.h>

#include "kernels/training/stage.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

Group* members(const topology::Machine& machine,
               Groups& groups,
               const char* what,
               std::int64_t stride,
               std::int64_t count) {
  if (count < 2) return nullptr;
  try {
    return &groups.group(machine, stride, count);
  } catch (const topology::Error& error) {
    topology::usage_error(fmt::format("{} of {}: {}", what, count, error.what()));
  }
}

}  // namespace

Group* Axes::of(kernels::Axis axis) const {
  switch (axis) {
    case kernels::Axis::tensor:
      return tensor;
    case kernels::Axis::context:
      return context;
    case kernels::Axis::expert:
      return expert;
    case kernels::Axis::data:
      return data;
    case kernels::Axis::pipeline:
      break;
  }
  return pipeline;
}

Axes axes(const Job& job, Groups& groups) {
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
  groups.use(machine, job.algorithm);
  const auto group = [&](const char* what, std::int64_t stride, std::int64_t count) {
    return members(machine, groups, what, stride, count);
  };
  const std::int64_t data = plan.context * plan.data;
  const bool shards = plan.shard != 0 && plan.shard < data;
  Axes all;
  all.tensor = group("tensor parallelism", 1, plan.tensor);
  all.context = group("context parallelism", plan.tensor, plan.context);
  all.expert = group("expert parallelism", plan.split_experts ? plan.tensor : 1, plan.expert);
  if (plan.expert_ranks() > 1)
    all.expert_data =
        group("replicas of experts", plan.expert_ranks(), kernels::expert_replicas(plan));
  all.data = group("data parallelism", plan.tensor, data);
  if (shards) {
    all.shard = group("sharding", plan.tensor, plan.shard);
    all.replicas = group("replicas of shards", plan.tensor * plan.shard, data / plan.shard);
  }
  all.pipeline = group("pipeline parallelism", plan.tensor * data, plan.pipeline);
  return all;
}

}  // namespace bench
