// Models of one kind of layer each, and a plan for them.
#pragma once

#include <cstdint>

#include "kernels/training/model.hpp"
#include "kernels/training/plan.hpp"

namespace fixtures {

using kernels::Layer;
using kernels::Model;
using kernels::Plan;

inline Model gpt() {
  Model model;
  model.name = "gpt";
  model.hidden = 1024;
  model.vocabulary = 51200;
  model.positions = 2048;
  Layer layer;
  layer.attention.heads = 16;
  layer.attention.key_value_heads = 16;
  layer.attention.head_size = 64;
  layer.attention.value_size = 64;
  layer.mlp = {4096, false, true};
  model.layers = {{layer, 24}};
  return model;
}

/// Grouped queries, a gated MLP.
inline Model llama() {
  Model model = gpt();
  model.positions = 0;
  model.layers[0].layer.attention.key_value_heads = 8;
  model.layers[0].layer.mlp = {2816, true, false};
  return model;
}

inline Model experts() {
  Model model = llama();
  Layer& layer = model.layers[0].layer;
  layer.mlp = {};
  kernels::Experts e;
  e.count = 16;
  e.chosen = 2;
  e.expert = {512, true, false};
  e.shared = {512, true, false};
  layer.experts = e;
  return model;
}

/// Low-rank queries, keys and values.
inline Model latent() {
  Model model = llama();
  kernels::Attention& a = model.layers[0].layer.attention;
  a.key_value_heads = 16;
  a.latent = kernels::Latent{256, 128, 32};
  return model;
}

inline Plan plan(std::int64_t tensor = 1, bool sequence_parallel = false) {
  Plan p;
  p.tensor = tensor;
  p.sequence = 2048;
  p.micro_batch = 4;
  p.sequence_parallel = sequence_parallel;
  return p;
}

}  // namespace fixtures
