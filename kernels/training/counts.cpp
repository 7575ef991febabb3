#include "kernels/training/counts.hpp"

#include <algorithm>
#include <cmath>

namespace kernels {
namespace {

using topology::Flops;

std::int64_t when(bool there, std::int64_t amount) {
  return there ? amount : 0;
}

std::int64_t query_size(const Attention& attention) {
  return attention.head_size + (attention.latent ? attention.latent->rotary : 0);
}

/// Down to a vector of low rank and up from it; keys and values come from one vector, and the
/// rotary part of the key from the hidden state (arXiv:2405.04434, equations 9 to 19).
std::int64_t latent_projections(const Attention& attention, std::int64_t hidden) {
  const Latent& latent = *attention.latent;
  const std::int64_t queries = attention.heads * query_size(attention);
  const std::int64_t from_hidden = latent.key_value_rank + latent.rotary;
  const std::int64_t keys_and_values =
      hidden * from_hidden +
      latent.key_value_rank * attention.heads * (attention.head_size + attention.value_size);
  return keys_and_values + (latent.query_rank == 0
                                ? hidden * queries
                                : hidden * latent.query_rank + latent.query_rank * queries);
}

/// Weights of the projections.
std::int64_t projections(const Attention& attention, std::int64_t hidden) {
  const std::int64_t output = attention.heads * attention.value_size * hidden;
  if (attention.latent) return latent_projections(attention, hidden) + output;
  const std::int64_t queries = attention.heads * attention.head_size;
  const std::int64_t keys_and_values =
      attention.key_value_heads * (attention.head_size + attention.value_size);
  return hidden * (queries + keys_and_values) + output;
}

/// With a latent, of what comes from the hidden state by way of it.
std::int64_t projection_biases(const Attention& attention, std::int64_t hidden) {
  std::int64_t outputs = attention.heads * attention.head_size +
                         attention.key_value_heads * (attention.head_size + attention.value_size);
  if (attention.latent)
    outputs =
        attention.latent->query_rank + attention.latent->key_value_rank + attention.latent->rotary;
  return when(attention.qkv_bias, outputs) + when(attention.output_bias, hidden);
}

std::int64_t weights(const Mlp& mlp, std::int64_t hidden) {
  return (mlp.gated ? 3 : 2) * hidden * mlp.width;
}

std::int64_t parameters(const Mlp& mlp, std::int64_t hidden) {
  if (mlp.width == 0) return 0;
  return weights(mlp, hidden) + when(mlp.bias, (mlp.gated ? 2 : 1) * mlp.width + hidden);
}

std::int64_t norm(bool norm_bias, std::int64_t size) {
  return norm_bias ? 2 * size : size;
}

/// Those of a latent and of queries and keys are RMSNorm in every family.
std::int64_t inner_norms(const Attention& attention) {
  const std::int64_t heads = attention.query_key_norm ? 2 * attention.head_size : 0;
  return heads +
         (attention.latent ? attention.latent->query_rank + attention.latent->key_value_rank : 0);
}

/// With `taken` of the routed experts.
Parameters layer_parameters(const Layer& layer, std::int64_t hidden, std::int64_t taken) {
  Parameters sum;
  sum[ModelPart::attention] =
      projections(layer.attention, hidden) + projection_biases(layer.attention, hidden);
  sum[ModelPart::mlp] = parameters(layer.mlp, hidden);
  sum[ModelPart::norms] =
      layer.norms * norm(layer.norm_bias, hidden) + inner_norms(layer.attention);
  if (!layer.experts) return sum;
  const Experts& experts = *layer.experts;
  sum[ModelPart::experts] = taken * parameters(experts.expert, hidden);
  sum[ModelPart::shared] = parameters(experts.shared, hidden) + when(experts.shared_gate, hidden);
  sum[ModelPart::router] = experts.count * hidden + when(experts.router_bias, experts.count);
  return sum;
}

Parameters parameters(const Model& model, bool active) {
  Parameters sum;
  for (const auto& [layer, count] : model.layers) {
    const Parameters one = active ? active_layer_parameters(layer, model.hidden)
                                  : layer_parameters(layer, model.hidden);
    for (std::size_t i = 0; i < sum.amounts.size(); ++i) sum.amounts[i] += count * one.amounts[i];
  }
  const std::int64_t table = model.vocabulary * model.hidden;
  const bool norm_bias = !model.layers.empty() && model.layers.back().layer.norm_bias;
  sum[ModelPart::norms] += (model.embedding_norm ? 2 : 1) * norm(norm_bias, model.hidden);
  sum[ModelPart::embedding] = table;
  sum[ModelPart::positions] = model.positions * model.hidden;
  sum[ModelPart::head] = when(!model.tied, table);
  return sum;
}

/// Keys seen by the queries of a sequence, in sum, if none sees more than the last `window`:
/// 1 + 2 + ... up to it and then as many each, or with `diagonal` 0 the area of that staircase's
/// slope.
double pairs(double sequence, double window, double diagonal) {
  const double ramp = std::min(sequence, window);
  return ramp * (ramp + diagonal) / 2 + (sequence - ramp) * window;
}

}  // namespace

Parameters layer_parameters(const Layer& layer, std::int64_t hidden) {
  return layer_parameters(layer, hidden, layer.experts ? layer.experts->count : 0);
}

Parameters active_layer_parameters(const Layer& layer, std::int64_t hidden) {
  return layer_parameters(layer, hidden, layer.experts ? layer.experts->chosen : 0);
}

Parameters parameters(const Model& model) {
  return parameters(model, false);
}

Parameters active_parameters(const Model& model) {
  return parameters(model, true);
}

double keys_per_query(const Attention& attention, std::int64_t sequence, Scores scores) {
  const auto s = static_cast<double>(sequence);
  const double window =
      attention.window == 0 ? s : std::min(s, static_cast<double>(attention.window));
  if (scores == Scores::full) return window;
  const double diagonal = scores == Scores::exact ? 1 : 0;
  if (!attention.chunked) return pairs(s, window, diagonal) / s;
  const double chunks = std::floor(s / window);
  const double rest = s - chunks * window;
  return (chunks * pairs(window, window, diagonal) + pairs(rest, rest, diagonal)) / s;
}

FlopParts layer_flops(const Layer& layer,
                      std::int64_t hidden,
                      std::int64_t sequence,
                      Scores scores) {
  const auto product = [](std::int64_t multiply_adds) {
    return Flops(2.0 * static_cast<double>(multiply_adds));
  };
  const Attention& attention = layer.attention;
  FlopParts sum;
  sum[ModelPart::attention] = product(projections(attention, hidden));
  sum[ModelPart::scores] =
      product(attention.heads * (query_size(attention) + attention.value_size)) *
      keys_per_query(attention, sequence, scores);
  sum[ModelPart::mlp] = product(weights(layer.mlp, hidden));
  if (!layer.experts) return sum;
  const Experts& experts = *layer.experts;
  sum[ModelPart::experts] = product(experts.chosen * weights(experts.expert, hidden));
  sum[ModelPart::shared] =
      product(weights(experts.shared, hidden) + when(experts.shared_gate, hidden));
  sum[ModelPart::router] = product(experts.count * hidden);
  return sum;
}

FlopParts forward_flops(const Model& model, std::int64_t sequence, Scores scores) {
  FlopParts sum;
  for (const auto& [layer, count] : model.layers) {
    const FlopParts one = layer_flops(layer, model.hidden, sequence, scores);
    for (std::size_t i = 0; i < sum.amounts.size(); ++i)
      sum.amounts[i] += static_cast<double>(count) * one.amounts[i];
  }
  sum[ModelPart::head] = Flops(2.0 * static_cast<double>(model.hidden * model.vocabulary));
  return sum;
}

Flops training_flops(const Model& model, std::int64_t sequence, Scores scores) {
  return 3.0 * forward_flops(model, sequence, scores).total();
}

Flops recomputed_flops(const Model& model, std::int64_t sequence, Scores scores) {
  const FlopParts forward = forward_flops(model, sequence, scores);
  return 4.0 * forward.total() - forward[ModelPart::head];
}

Flops rescored_flops(const Model& model, std::int64_t sequence, Scores scores) {
  Flops all = training_flops(model, sequence, scores);
  for (const auto& [layer, count] : model.layers) {
    const Attention& attention = layer.attention;
    const auto width = static_cast<double>(count * attention.heads * query_size(attention));
    all += Flops(2.0 * width * keys_per_query(attention, sequence, scores));
  }
  return all;
}

Flops six_per_parameter(const Model& model) {
  return Flops(6.0 * static_cast<double>(active_parameters(model).total()));
}

}  // namespace kernels
