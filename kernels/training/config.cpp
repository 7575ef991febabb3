#include "kernels/training/config.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "kernels/training/families.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

using nlohmann::json;

constexpr std::int64_t most_layers = 10'000;
constexpr double most_parameters = 1e18;  // 64 bits hold any count of them, and a few times that

json parsed(std::string_view text, const std::string& origin) {
  try {
    json root = json::parse(text);
    if (!root.is_object()) topology::usage_error(origin + ": expected a JSON object, {...}");
    return root;
  } catch (const json::parse_error& error) {
    // "[json.exception.parse_error.101] parse error at line 3, column 1: ..."
    const std::string sentence = error.what();
    topology::usage_error(fmt::format("{}: {}", origin, sentence.substr(sentence.find(']') + 2)));
  }
}

/// A type of several parts calls its language part "..._text".
const Family& family_of(const ConfigReader& config, const std::string& type) {
  const std::string_view suffix = "_text";
  const std::string name =
      type.ends_with(suffix) ? type.substr(0, type.size() - suffix.size()) : type;
  for (const Family& family : families())
    if (family.type == name) return family;
  config.fail("model_type", topology::unknown_name("model_type", type, model_types()));
}

/// What would change the counts and is in no published model but a few small ones.
void refuse_unmodelled(const ConfigReader& config, std::int64_t hidden) {
  if (config.size_or("word_embed_proj_dim", hidden) != hidden)
    config.fail("word_embed_proj_dim", fmt::format("expected the hidden size, {}", hidden));
  if (!config.flag_or("do_layer_norm_before", true))
    config.fail("do_layer_norm_before", "expected true");
  if (config.flag_or("add_cross_attention", false))
    config.fail("add_cross_attention", "expected false");
}

double parameters_at_most(const Model& model) {
  const auto real = [](std::int64_t integer) { return static_cast<double>(integer); };
  double sum = real(model.hidden) * (2 * real(model.vocabulary) + real(model.positions));
  for (const auto& [layer, count] : model.layers) {
    const Attention& attention = layer.attention;
    const Latent latent = attention.latent.value_or(Latent{});
    const Experts experts = layer.experts.value_or(Experts{});
    const std::int64_t inputs = model.hidden + latent.query_rank + latent.key_value_rank;
    const std::int64_t head = attention.head_size + attention.value_size + latent.rotary;
    const double widths = real(layer.mlp.width + experts.shared.width) +
                          real(experts.count) * real(experts.expert.width + 1);
    sum += real(count) * (2 * real(inputs) * real(attention.heads) * real(head) +
                          3 * real(model.hidden) * widths);
  }
  return sum;
}

/// Reads one model by the rules of its family.
class Builder {
 public:
  Builder(const ConfigReader& config, const Family& family)
      : config_(config), family_(family), hidden_(config.size(spelled(&Keys::hidden))) {}

  [[nodiscard]] Model model() const;

 private:
  [[nodiscard]] const char* spelled(const char* Keys::*size) const {
    return config_.has(family_.keys.*size) ? family_.keys.*size : usual_keys.*size;
  }

  [[nodiscard]] std::int64_t heads() const;
  [[nodiscard]] std::int64_t head_size() const;
  [[nodiscard]] std::int64_t key_value_heads() const;
  [[nodiscard]] std::int64_t width() const;
  [[nodiscard]] std::int64_t window(std::int64_t layer) const;
  [[nodiscard]] Attention attention() const;
  [[nodiscard]] Layer common_layer() const;
  void add_layers(Model& model) const;
  void check_experts(const Experts& experts) const;

  const ConfigReader& config_;
  const Family& family_;
  std::int64_t hidden_;
};

std::int64_t Builder::heads() const {
  const char* key = spelled(&Keys::heads);
  const std::int64_t otherwise = family_.defaults.heads;
  return otherwise > 0 ? config_.size_or(key, otherwise) : config_.size(key);
}

std::int64_t Builder::head_size() const {
  if (config_.has("head_dim")) return config_.size("head_dim");
  if (family_.defaults.head_size > 0) return family_.defaults.head_size;
  if (hidden_ % heads() != 0)
    config_.fail(spelled(&Keys::heads),
                 fmt::format("expected a divisor of the hidden size {}, not {}", hidden_, heads()));
  return hidden_ / heads();
}

std::int64_t Builder::key_value_heads() const {
  constexpr const char* key = "num_key_value_heads";
  const std::int64_t silent = family_.defaults.key_value_heads;
  const std::int64_t otherwise = silent == 0 || config_.is_null(key) ? heads() : silent;
  const std::int64_t shared = config_.size_or(key, otherwise);
  if (heads() % shared != 0)
    config_.fail(
        key, fmt::format("expected a divisor of the {} attention heads, not {}", heads(), shared));
  return shared;
}

std::int64_t Builder::width() const {
  const char* key = spelled(&Keys::width);
  const std::int64_t otherwise = family_.defaults.width_by_hidden * hidden_;
  return otherwise > 0 ? config_.size_or(key, otherwise) : config_.size(key);
}

std::int64_t Builder::window(std::int64_t layer) const {
  const Windows& windows = family_.windows;
  if (windows.key == nullptr || config_.is_null(windows.key)) return 0;
  const auto types = config_.texts("layer_types");
  if (types.empty()) {
    if (!windows.has(config_, layer)) return 0;
  } else if (layer >= static_cast<std::int64_t>(types.size())) {
    config_.fail("layer_types", fmt::format("expected an entry for layer {} too", layer));
  } else if (types[static_cast<std::size_t>(layer)] == "full_attention") {
    return 0;
  }
  return config_.count_or(windows.key, windows.size);
}

Attention Builder::attention() const {
  const bool bias = config_.flag_or("enable_bias", family_.bias);
  Attention attention;
  attention.heads = heads();
  attention.output_bias = config_.flag_or("attention_bias", bias);
  attention.qkv_bias = attention.output_bias || config_.flag_or("qkv_bias", family_.qkv_bias);
  attention.query_key_norm = family_.query_key_norm;
  if (family_.latent != nullptr) {
    family_.latent(config_, attention);
    attention.key_value_heads = attention.heads;
  } else {
    attention.key_value_heads = key_value_heads();
    attention.head_size = attention.value_size = head_size();
  }
  return attention;
}

Layer Builder::common_layer() const {
  Layer layer;
  layer.attention = attention();
  layer.mlp.gated = family_.gated;
  layer.mlp.bias = config_.flag_or("mlp_bias", config_.flag_or("enable_bias", family_.bias));
  layer.norms = family_.norms;
  layer.norm_bias = family_.layer_norm;
  layer.parallel = config_.flag_or("use_parallel_residual", family_.parallel);
  return layer;
}

void Builder::check_experts(const Experts& experts) const {
  if (experts.chosen > experts.count)
    config_.fail(
        "num_experts_per_tok",
        fmt::format("expected at most the {} experts, not {}", experts.count, experts.chosen));
  if (experts.count % experts.groups != 0)
    config_.fail("n_group", fmt::format("expected a divisor of the {} experts", experts.count));
  if (experts.groups_chosen > experts.groups)
    config_.fail("topk_group", fmt::format("expected at most the {} groups", experts.groups));
}

void Builder::add_layers(Model& model) const {
  const char* key = spelled(&Keys::layers);
  const std::int64_t depth = config_.size(key);
  if (depth > most_layers) config_.fail(key, fmt::format("expected at most {}", most_layers));
  const Layer common = common_layer();
  for (std::int64_t i = 0; i < depth; ++i) {
    Layer layer = common;
    layer.attention.window = window(i);
    layer.attention.chunked = family_.windows.chunked && layer.attention.window > 0;
    if (family_.experts != nullptr) layer.experts = family_.experts(config_, i);
    if (layer.experts)
      check_experts(*layer.experts);
    else
      layer.mlp.width = width();
    if (model.layers.empty() || !(model.layers.back().layer == layer))
      model.layers.push_back({layer, 0});
    ++model.layers.back().count;
  }
}

Model Builder::model() const {
  refuse_unmodelled(config_, hidden_);
  Model model;
  model.type = family_.type;
  model.hidden = hidden_;
  const std::int64_t vocabulary = family_.defaults.vocabulary;
  model.vocabulary =
      vocabulary > 0 ? config_.size_or("vocab_size", vocabulary) : config_.size("vocab_size");
  const bool learned = family_.extra_positions >= 0;
  const char* context = spelled(&Keys::context);
  model.context = learned ? config_.size(context) : config_.size_or(context, 0);
  if (learned) model.positions = model.context + family_.extra_positions;
  model.tied = config_.flag_or("tie_word_embeddings", family_.tied);
  model.embedding_norm = family_.embedding_norm;
  add_layers(model);
  if (const double bound = parameters_at_most(model); bound > most_parameters)
    config_.fail(
        spelled(&Keys::hidden),
        fmt::format(
            "expected a model of less than {:g} parameters, not {:.1e}", most_parameters, bound));
  return model;
}

}  // namespace

Model model_from_config(std::string_view json, const std::string& origin) {
  const auto root = parsed(json, origin);
  const ConfigReader file(root, origin);
  const bool nested = file.has("text_config");
  const ConfigReader config = nested ? file.object("text_config") : file;
  const std::string type =
      nested && !config.has("model_type") ? file.text("model_type") : config.text("model_type");
  Model model = Builder(config, family_of(config, type)).model();
  model.name = origin;
  return model;
}

std::vector<std::string> model_types() {
  std::vector<std::string> types;
  for (const Family& family : families()) types.emplace_back(family.type);
  return types;
}

}  // namespace kernels
