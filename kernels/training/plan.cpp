#include "kernels/training/plan.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace kernels {
namespace {

void expect_at_least_one(const char* what, std::int64_t value) {
  if (value < 1) topology::usage_error(fmt::format("{} is {}, expected 1 or more", what, value));
}

void expect_divides(const char* what, std::int64_t size, const char* of, std::int64_t total) {
  if (size < 1 || total % size != 0)
    topology::usage_error(fmt::format("{} {} does not divide the {} {}", what, size, total, of));
}

void check_batch(const Plan& plan) {
  expect_at_least_one("micro-batch size", plan.micro_batch);
  if (plan.batch % (plan.data * plan.micro_batch) != 0 || plan.batch < 1)
    topology::usage_error(
        fmt::format("a global batch of {} sequences is not shared evenly by {} replicas in "
                    "micro-batches of {}: "
                    "choose a multiple of {}",
                    plan.batch,
                    plan.data,
                    plan.micro_batch,
                    plan.data * plan.micro_batch));
  expect_divides("context parallelism", plan.context, "tokens of a sequence", plan.sequence);
}

/// Of a rank of the tensor axis.
struct RankHeads {
  std::int64_t query;
  std::int64_t key_value;

  RankHeads(const Attention& attention, const Plan& plan)
      : query(attention.heads / plan.tensor),
        key_value(std::max<std::int64_t>(
            1, (attention.latent ? attention.heads : attention.key_value_heads) / plan.tensor)) {}

  [[nodiscard]] bool shared_by(std::int64_t ranks) const {
    return query % ranks == 0 && (key_value % ranks == 0 || ranks % key_value == 0);
  }
};

/// Ulysses hands each rank whole heads (arXiv:2309.14509, section 3): the same number of queries';
/// of keys and values the same number, too, or one that as many others have.
void check_heads(const Plan& plan, const Model& model) {
  if (plan.context_kind != ContextKind::ulysses) return;
  for (const Layers& run : model.layers) {
    const RankHeads heads(run.layer.attention, plan);
    if (heads.shared_by(plan.context)) continue;
    std::vector<std::int64_t> good;
    for (std::int64_t ranks = 1; ranks <= heads.query; ++ranks)
      if (heads.shared_by(ranks) && plan.sequence % ranks == 0) good.push_back(ranks);
    topology::usage_error(
        fmt::format("context parallelism {} cannot be ulysses, which hands whole heads to each "
                    "rank: of {} a tensor rank has {} heads of queries, {} of keys and values; {} "
                    "would do, or a ring",
                    plan.context,
                    model.name,
                    heads.query,
                    heads.key_value,
                    fmt::join(good, ", ")));
  }
}

void check_expert_groups(const Plan& plan, const Model& model) {
  if (!plan.grouped_experts) return;
  const std::int64_t groups = expert_groups(model);
  if (groups == 1)
    topology::usage_error(
        fmt::format("{} does not choose experts by groups: leave --ep-groups out", model.name));
  expect_divides("the model's groups of experts,", groups, "expert ranks", plan.expert);
}

void check_expert_ranks(const Plan& plan) {
  expect_divides(plan.split_experts ? "tensor x expert parallelism" : "expert parallelism",
                 plan.expert_ranks(),
                 "ranks of a pipeline stage",
                 plan.tensor * plan.context * plan.data);
}

}  // namespace

const char* name(Recompute recompute) {
  switch (recompute) {
    case Recompute::none:
      return "none";
    case Recompute::selective:
      return "selective";
    case Recompute::full:
      break;
  }
  return "full";
}

std::int64_t expert_groups(const Model& model) {
  std::int64_t groups = 1;
  for (const Layers& run : model.layers)
    if (run.layer.experts) groups = run.layer.experts->groups;
  return groups;
}

void check_experts(const Plan& plan, const Model& model) {
  check_expert_groups(plan, model);
  if (plan.expert_ranks() == 1) return;
  std::int64_t experts = 0;
  for (const Layers& run : model.layers)
    if (run.layer.experts) experts = run.layer.experts->count;
  if (experts == 0)
    topology::usage_error(
        fmt::format("{} has no experts to spread: leave --ep at 1, and --etp out", model.name));
  expect_divides("expert parallelism", plan.expert, "experts", experts);
}

void check(const Plan& plan, const Model& model) {
  expect_at_least_one("tensor parallelism", plan.tensor);
  expect_at_least_one("context parallelism", plan.context);
  expect_at_least_one("data parallelism", plan.data);
  expect_at_least_one("pipeline parallelism", plan.pipeline);
  expect_at_least_one("expert parallelism", plan.expert);
  expect_at_least_one("virtual stages", plan.virtual_stages);
  expect_at_least_one("sequence length", plan.sequence);
  for (const Layers& run : model.layers)
    expect_divides("tensor parallelism", plan.tensor, "attention heads", run.layer.attention.heads);
  // The first and the last stage may have the embedding and the head only (Llama 3,
  // arXiv:2407.21783, section 3.3.2, and Megatron take a layer off them).
  if (plan.pipeline * plan.virtual_stages > model.depth() + 2)
    topology::usage_error(
        fmt::format("{} layers of {} are fewer than {} pipeline ranks x {} virtual stages",
                    model.depth(),
                    model.name,
                    plan.pipeline,
                    plan.virtual_stages));
  check_batch(plan);
  check_heads(plan, model);
  check_experts(plan, model);
  check_expert_ranks(plan);
  if (plan.shard != 0)
    expect_divides("a shard group", plan.shard, "data and context ranks", plan.data * plan.context);
}

}  // namespace kernels
