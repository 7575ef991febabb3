#include "bench/program/model_table.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/model_file.hpp"
#include "kernels/training/counts.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::FlopParts;
using kernels::Layer;
using kernels::Parameters;
using kernels::Scores;

constexpr std::int64_t usual_sequence = 4096;

double giga(topology::Flops flops) {
  return flops.value() / 1e9;
}

std::string text_of(const kernels::Attention& attention) {
  std::string text = fmt::format("{} heads of {}", attention.heads, attention.head_size);
  if (attention.latent)
    text += fmt::format(
        " + {} from a latent of {}", attention.latent->rotary, attention.latent->key_value_rank);
  else if (attention.key_value_heads != attention.heads)
    text += fmt::format(", {} of keys and values", attention.key_value_heads);
  if (attention.window > 0)
    text += fmt::format(", {} of {}", attention.chunked ? "chunks" : "window", attention.window);
  return text;
}

std::string text_of(const Layer& layer) {
  const std::string text = text_of(layer.attention) + "; ";
  if (!layer.experts) return text + fmt::format("MLP of {}", layer.mlp.width);
  const kernels::Experts& experts = *layer.experts;
  const std::string shared =
      experts.shared.width > 0 ? fmt::format(" and a shared one of {}", experts.shared.width) : "";
  return text + fmt::format("{} of {} experts of {}{}",
                            experts.chosen,
                            experts.count,
                            experts.expert.width,
                            shared);
}

void print_parts(const Parameters& all, const Parameters& active, const FlopParts& forward) {
  const auto row = [](const char* name, std::int64_t whole, std::int64_t taken, double flops) {
    fmt::print("  {:<10} {:>16} {:>16} {:>14.4f}\n", name, whole, taken, flops);
  };
  fmt::print("  {:<10} {:>16} {:>16} {:>14}\n", "part", "parameters", "active", "GFLOP/token");
  for (const auto& [part, name] : kernels::part_names)
    if (all[part] != 0 || forward[part].value() != 0)
      row(name, all[part], active[part], giga(forward[part]));
  row("total", all.total(), active.total(), giga(forward.total()));
}

void print_training(const kernels::Model& model, std::int64_t sequence) {
  const auto row = [](topology::Flops flops, const char* how) {
    fmt::print("  {:>12.4f}  {}\n", giga(flops), how);
  };
  fmt::print("\ntraining, GFLOP per token: forward and backward, as an MFU may count them\n");
  row(training_flops(model, sequence), "causal: s/2 keys for each query");
  row(training_flops(model, sequence, Scores::exact), "exact: (s+1)/2 keys, with the diagonal");
  row(training_flops(model, sequence, Scores::full), "full: s keys, as Megatron and PaLM count");
  row(six_per_parameter(model), "6 P, with the active parameters");
  row(recomputed_flops(model, sequence), "causal, the forward pass of each layer done again");
}

}  // namespace

std::int64_t sequence_of(const kernels::Model& model, std::int64_t asked) {
  if (model.positions > 0 && asked > model.context)
    topology::usage_error(
        fmt::format("--seq {}: {} has positions for {} tokens", asked, model.name, model.context));
  if (asked > 0) return asked;
  return model.context > 0 ? std::min(usual_sequence, model.context) : usual_sequence;
}

void check_sequence(const kernels::Model& model, std::int64_t sequence) {
  static_cast<void>(sequence_of(model, sequence));
  if (model.context > 0 && sequence > model.context && speaks_before_init())
    fmt::print(stderr,
               "rainier: note: sequences of {} tokens are longer than the context of {}, {}\n",
               sequence,
               model.name,
               model.context);
}

std::int64_t cut_sequence_of(const kernels::Model& model, std::int64_t asked) {
  return sequence_of(model, model.positions > 0 ? std::min(asked, model.context) : asked);
}

std::vector<kernels::Layers> kinds_of(const kernels::Model& model) {
  std::vector<kernels::Layers> kinds;
  for (const kernels::Layers& run : model.layers) {
    const auto like = std::find_if(kinds.begin(), kinds.end(), [&run](const kernels::Layers& kind) {
      return kind.layer == run.layer;
    });
    if (like == kinds.end())
      kinds.push_back(run);
    else
      like->count += run.count;
  }
  return kinds;
}

void print_models(const std::vector<std::string>& names, std::int64_t asked) {
  fmt::print("# GFLOP per token of training (forward and backward, causal) on sequences of seq\n");
  fmt::print("{:<18} {:<12} {:>6} {:>6} {:>14} {:>14} {:>7} {:>11}\n",
             "model",
             "type",
             "layers",
             "hidden",
             "parameters",
             "active",
             "seq",
             "GFLOP/token");
  for (const std::string& name : names) {
    const kernels::Model model = load_model(name);
    const std::int64_t sequence = cut_sequence_of(model, asked);
    fmt::print("{:<18} {:<12} {:>6} {:>6} {:>14} {:>14} {:>7} {:>11.2f}\n",
               model.name,
               model.type,
               model.depth(),
               model.hidden,
               kernels::parameters(model).total(),
               kernels::active_parameters(model).total(),
               sequence,
               giga(training_flops(model, sequence)));
  }
}

void print_model(const kernels::Model& model, std::int64_t sequence) {
  fmt::print("{}: {}, {} layers, hidden size {}, vocabulary {}\n",
             model.name,
             model.type,
             model.depth(),
             model.hidden,
             model.vocabulary);
  fmt::print("# active: what one token meets; GFLOP/token: forward, causal, in sequences of {}\n",
             sequence);
  for (const auto& [layer, count] : kinds_of(model)) {
    fmt::print("\n{} x {}\n", count, text_of(layer));
    print_parts(layer_parameters(layer, model.hidden),
                active_layer_parameters(layer, model.hidden),
                layer_flops(layer, model.hidden, sequence));
  }
  fmt::print("\nthe whole\n");
  print_parts(parameters(model), active_parameters(model), forward_flops(model, sequence));
  print_training(model, sequence);
}

}  // namespace bench
