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
  std::vector<Plan> all;
  Plan plan = given;
  plan.pipeline = 1;
  plan.virtual_stages = 1;
  plan.order = PipelineOrder::one_f_one_b;
  plan.sharding = Sharding::none;
  for (const std::int64_t tensor : space.tensor)
    for (const std::int64_t context : space.context) {
      if (!divides_all(tensor * context, chips)) continue;
      for (const std::int64_t expert : space.expert)
        for (const std::int64_t micro_batch : space.micro_batch)
          for (const Recompute recompute : space.recompute) {
            plan.tensor = tensor;
            plan.sequence_parallel = tensor > 1;
            plan.context = context;
            plan.data = chips / (tensor * context);
            plan.expert = expert;
            plan.micro_batch = micro_batch;
            plan.recompute = recompute;
            if (expert == 1 || experts(model) > 1) all.push_back(plan);
          }
    }
  return all;
}

std::vector<Plan> spreads(const PlanSpace& space,
                          const Model& model,
                          const Plan& shape,
                          std::int64_t chips) {
  std::vector<Plan> all;
  Plan plan = shape;
  for (const std::int64_t pipeline : space.pipeline) {
    const std::int64_t stage = shape.tensor * shape.context;
    if (!divides_all(stage * pipeline, chips)) continue;
    plan.pipeline = pipeline;
    plan.data = chips / (stage * pipeline);
    if (!divides_all(plan.data * plan.micro_batch, plan.batch)) continue;
    if (!divides_all(plan.expert, stage * plan.data)) continue;
    for (const std::int64_t chunks : space.virtual_stages) {
      plan.virtual_stages = chunks;
      if (pipeline * chunks > most_chunks(model)) continue;
      for (const PipelineOrder order : space.orders) {
        if (!takes(order, plan)) continue;
        plan.order = order;
        for (const Sharding sharding : space.sharding) {
          plan.sharding = sharding;
          if (shares(sharding, plan)) all.push_back(plan);
        }
      }
    }
  }
  return all;
}

}  // namespace kernels
