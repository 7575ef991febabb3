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
    case kernels::Axis::expert_inside:
      return expert_inside;
    case kernels::Axis::expert_between:
      return expert_between;
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
  const std::int64_t stride = plan.split_experts ? plan.tensor : 1;
  all.expert = group("expert parallelism", stride, plan.expert);
  if (plan.grouped_experts) {
    const std::int64_t inside = plan.expert / kernels::expert_groups(job.model);
    all.expert_inside = group("experts of a group", stride, inside);
    all.expert_between = group("groups of experts", stride * inside, plan.expert / inside);
  }
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
