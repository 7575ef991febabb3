#include "kernels/training/memory.hpp"

#include <algorithm>

namespace kernels {
namespace {

using topology::Bytes;

double as_double(std::int64_t count) {
  return static_cast<double>(count);
}

double element(const Plan& plan) {
  return topology::size_of(plan.type).value();
}

/// Bytes per token that the tensor ranks split.
double split_bytes(const Layer& layer, const Plan& plan) {
  const Attention& a = layer.attention;
  const std::int64_t query = a.head_size + (a.latent ? a.latent->rotary : 0);
  const std::int64_t key_values = a.key_value_heads * (query + a.value_size);
  double bytes = element(plan) * as_double(a.heads * (query + a.value_size) + key_values);
  if (a.latent) bytes += element(plan) * as_double(a.latent->query_rank + a.latent->key_value_rank);
  if (!plan.flash_attention && plan.recompute == Recompute::none)
    bytes += (2 * element(plan) + 1) * as_double(a.heads * plan.sequence);
  const auto of_mlp = [&](const Mlp& mlp) {
    return element(plan) * as_double((mlp.gated ? 3 : 2) * mlp.width);
  };
  if (!layer.experts) return bytes + of_mlp(layer.mlp);
  return bytes + of_mlp(layer.experts->shared);
}

/// Per token: those of the chosen experts, whose tokens are split as outside of the tensor axis.
double expert_bytes(const Model& model, const Layer& layer, const Plan& plan) {
  if (!layer.experts) return 0;
  const Experts& e = *layer.experts;
  const std::int64_t width = 2 * model.hidden + (e.expert.gated ? 3 : 2) * e.expert.width;
  return element(plan) * as_double(e.chosen * width) * plan.expert_imbalance;
}

double outside(const Plan& plan) {
  return plan.sequence_parallel ? as_double(plan.tensor) : 1;
}

Bytes layer_input(const Model& model, const Plan& plan) {
  return Bytes(element(plan) * as_double(plan.tokens() * model.hidden) / outside(plan));
}

/// Of the layers of a chunk.
Bytes kept_by(const Model& model, const Plan& plan, const Stage& chunk) {
  Bytes sum;
  for (const Layers& run : chunk.layers)
    sum += as_double(run.count) * kernels::kept(model, run.layer, plan);
  return sum;
}

/// Of parameters that `ranks` hold alike.
void add_states(Memory& to, double parameters, const Plan& plan, double ranks) {
  const auto from = [&](Sharding least) { return plan.sharding >= least ? ranks : 1; };
  to.parameters += Bytes(parameters * element(plan) / from(Sharding::parameters));
  to.gradients +=
      Bytes(parameters * topology::size_of(plan.gradient).value() / from(Sharding::gradients));
  to.optimizer += Bytes(parameters * 12 / from(Sharding::optimizer));
}

}  // namespace

Bytes layer_activations(const Model& model, const Layer& layer, const Plan& plan) {
  const double inputs = as_double(model.hidden) * (4 * element(plan) + 2);
  const double per_token = (inputs + expert_bytes(model, layer, plan)) / outside(plan) +
                           split_bytes(layer, plan) / as_double(plan.tensor);
  return Bytes(per_token * as_double(plan.tokens()));
}

Bytes kept(const Model& model, const Layer& layer, const Plan& plan) {
  return plan.recompute == Recompute::full ? layer_input(model, plan)
                                           : layer_activations(model, layer, plan);
}

Bytes working(const Model& model, const Plan& plan, const std::vector<Stage>& chunks) {
  Bytes layer;
  Bytes gathered;
  Bytes ends;  // gathered as long as a micro-batch is under way
  Bytes logits;
  for (const Stage& chunk : chunks) {
    for (const Layers& run : chunk.layers) {
      if (plan.recompute == Recompute::full)
        layer = std::max(layer, layer_activations(model, run.layer, plan));
      const HeldParameters one = held_parameters(model, plan, {{{run.layer, 1}}, false, false});
      gathered = std::max(gathered, Bytes(2 * element(plan) * (one.dense + one.experts)));
    }
    ends +=
        Bytes(element(plan) * held_parameters(model, plan, {{}, chunk.first, chunk.last}).dense);
    if (chunk.last)  // in the type of activations, and in f32
      logits = Bytes((element(plan) + 4) * as_double(plan.tokens() * model.vocabulary) /
                     as_double(plan.tensor));
  }
  return layer + logits + (plan.sharding == Sharding::parameters ? gathered + ends : Bytes());
}

Memory states(const Plan& plan, const HeldParameters& held) {
  Memory all;
  add_states(all, held.dense, plan, as_double(plan.sharers()));
  add_states(all, held.experts, plan, as_double(expert_replicas(plan)));
  return all;
}

Memory memory(const Model& model,
              const Plan& plan,
              const std::vector<Stage>& chunks,
              std::int64_t in_flight) {
  HeldParameters held;
  Bytes largest;
  for (const Stage& chunk : chunks) {
    const HeldParameters of = held_parameters(model, plan, chunk);
    held.dense += of.dense;
    held.experts += of.experts;
    largest = std::max(largest, kept_by(model, plan, chunk));
  }
  Memory all = states(plan, held);
  all.activations = as_double(in_flight) * largest;
  all.working = working(model, plan, chunks);
  return all;
}

}  // namespace kernels
