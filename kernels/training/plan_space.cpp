#include "kernels/training/plan_space.hpp"

#include <algorithm>
#include <numeric>

namespace kernels {
namespace {

std::vector<std::int64_t> divisors(std::int64_t of, std::int64_t most) {
  std::vector<std::int64_t> all;
  for (std::int64_t d = 1; d <= std::min(of, most); ++d)
    if (of % d == 0) all.push_back(d);
  return all;
}

std::vector<std::int64_t> up_to(std::int64_t last) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(std::max<std::int64_t>(last, 1)));
  std::iota(all.begin(), all.end(), 1);
  return all;
}

std::int64_t heads(const Model& model) {
  std::int64_t common = 0;
  for (const Layers& run : model.layers) common = std::gcd(common, run.layer.attention.heads);
  return common;
}

std::int64_t experts(const Model& model) {
  std::int64_t common = 0;
  for (const Layers& run : model.layers)
    if (run.layer.experts) common = std::gcd(common, run.layer.experts->count);
  return std::max<std::int64_t>(common, 1);
}

/// Those at the ends may have no layer, see check().
std::int64_t most_chunks(const Model& model) {
  return model.depth() + 2;
}

bool divides_all(std::int64_t size, std::int64_t total) {
  return total % size == 0;
}

/// Does the order take this many ranks, chunks and micro-batches? As run() asks for. With one rank
/// all orders are the same, and one stands for all.
bool takes(PipelineOrder order, const Plan& plan) {
  const std::int64_t chunks = plan.virtual_stages;
  const std::int64_t micro_batches = plan.micro_batches();
  if (plan.pipeline == 1) return order == PipelineOrder::one_f_one_b && chunks == 1;
  switch (order) {
    case PipelineOrder::interleaved:
      return chunks > 1 && micro_batches % plan.pipeline == 0;
    case PipelineOrder::zb_v:
      return chunks == 2;
    case PipelineOrder::dual_pipe:
      return chunks == 2 && plan.pipeline % 2 == 0 && micro_batches % 2 == 0;
    default:
      return chunks == 1;
  }
}

/// Sharing what nobody else has is not another plan.
bool shares(Sharding sharding, const Plan& plan) {
  return sharding == Sharding::none || plan.data * plan.context > 1;
}

/// Replicas share within so many chips; 0: as given.
bool share_within(std::int64_t domain, std::int64_t given, Plan& plan) {
  plan.shard = given;
  if (domain == 0) return true;
  const std::int64_t replicas = plan.data * plan.context;
  const std::int64_t shard = domain / plan.tensor;
  if (!divides_all(plan.tensor, domain) || shard < 2 || shard >= replicas ||
      !divides_all(shard, replicas))
    return false;
  plan.shard = shard;
  return true;
}

/// The plans with each of the values that `put` accepts, the first plan's first. What it sets where
/// it accepts must not depend on the values before: one plan takes them all, for most are turned
/// down.
template <class Value, class Put>
std::vector<Plan> each(const std::vector<Plan>& plans, const std::vector<Value>& values, Put put) {
  std::vector<Plan> all;
  all.reserve(plans.size() * values.size());
  for (Plan plan : plans)
    for (const Value value : values)
      if (put(plan, value)) all.push_back(plan);
  return all;
}

}  // namespace

PlanSpace whole_space(const Model& model,
                      const Plan& given,
                      std::int64_t chips,
                      std::int64_t most_model_chips) {
  PlanSpace space;
  space.tensor = divisors(heads(model), std::min(most_model_chips, chips));
  space.context = divisors(given.sequence, std::min(most_model_chips, chips));
  space.expert = divisors(experts(model), chips);
  space.micro_batch = divisors(given.batch, given.batch);
  space.recompute = {Recompute::none, Recompute::full};
  if (!given.flash_attention) space.recompute.push_back(Recompute::selective);
  space.pipeline = divisors(chips, most_chunks(model));
  space.virtual_stages = up_to(most_chunks(model));
  space.orders = {PipelineOrder::one_f_one_b,
                  PipelineOrder::interleaved,
                  PipelineOrder::zb_h1,
                  PipelineOrder::zb_v,
                  PipelineOrder::dual_pipe,
                  PipelineOrder::gpipe};
  space.sharding = {Sharding::none, Sharding::optimizer, Sharding::gradients, Sharding::parameters};
  std::erase_if(space.tensor, [chips](std::int64_t t) { return !divides_all(t, chips); });
  std::erase_if(space.context, [chips](std::int64_t c) { return !divides_all(c, chips); });
  return space;
}

std::vector<Plan> shapes(const PlanSpace& space,
                         const Model& model,
                         const Plan& given,
                         std::int64_t chips) {
  Plan plan = given;
  plan.pipeline = 1;
  plan.virtual_stages = 1;
  plan.order = PipelineOrder::one_f_one_b;
  plan.sharding = Sharding::none;
  const bool has_experts = experts(model) > 1;
  const std::int64_t groups = given.grouped_experts ? expert_groups(model) : 1;
  std::vector<Plan> all{plan};
  all = each(all, space.tensor, [](Plan& p, std::int64_t tensor) {
    p.tensor = tensor;
    p.sequence_parallel = tensor > 1;
    return true;
  });
  all = each(all, space.context, [chips](Plan& p, std::int64_t context) {
    p.context = context;
    p.data = chips / (p.tensor * context);
    return divides_all(p.tensor * context, chips);
  });
  all = each(all, space.expert, [has_experts, groups](Plan& p, std::int64_t expert) {
    p.expert = expert;
    return divides_all(groups, expert) && (expert == 1 || has_experts);
  });
  all = each(all, space.micro_batch, [](Plan& p, std::int64_t micro_batch) {
    p.micro_batch = micro_batch;
    return true;
  });
  return each(all, space.recompute, [](Plan& p, Recompute recompute) {
    p.recompute = recompute;
    return true;
  });
}

std::vector<Plan> spreads(const PlanSpace& space,
                          const Model& model,
                          const Plan& shape,
                          std::int64_t chips) {
  const std::int64_t stage = shape.tensor * shape.context;
  const std::int64_t most = most_chunks(model);
  std::vector<Plan> all{shape};
  all = each(all, space.pipeline, [=](Plan& p, std::int64_t pipeline) {
    if (!divides_all(stage * pipeline, chips)) return false;
    p.pipeline = pipeline;
    p.data = chips / (stage * pipeline);
    return divides_all(p.data * p.micro_batch, p.batch) && divides_all(p.expert, stage * p.data);
  });
  std::vector<std::int64_t> domains{0};
  domains.insert(domains.end(), space.shard_domains.begin(), space.shard_domains.end());
  all = each(all, domains, [&shape](Plan& p, std::int64_t domain) {
    return share_within(domain, shape.shard, p);
  });
  all = each(all, space.virtual_stages, [most](Plan& p, std::int64_t chunks) {
    p.virtual_stages = chunks;
    return p.pipeline * chunks <= most;
  });
  all = each(all, space.orders, [](Plan& p, PipelineOrder order) {
    p.order = order;
    return takes(order, p);
  });
  return each(all, space.sharding, [&shape](Plan& p, Sharding sharding) {
    p.sharding = sharding;
    const bool in_domain = p.shard != shape.shard;
    return shares(sharding, p) && !(in_domain && sharding == Sharding::none);
  });
}

}  // namespace kernels
