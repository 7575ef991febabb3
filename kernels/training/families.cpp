#include "kernels/training/families.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kernels {
namespace {

using Maybe = std::optional<Experts>;

Mlp gated(std::int64_t width) {
  return {.width = width, .gated = true, .bias = false};
}

/// The last of each `step` layers.
bool every(std::int64_t layer, std::int64_t step) {
  return (layer + 1) % step == 0;
}

bool listed(const std::vector<std::int64_t>& layers, std::int64_t layer) {
  return std::find(layers.begin(), layers.end(), layer) != layers.end();
}

bool all_layers(const ConfigReader& /*config*/, std::int64_t /*layer*/) {
  return true;
}

/// Qwen: off unless asked for, and then in the upper layers.
bool upper_layers(const ConfigReader& config, std::int64_t layer) {
  return config.flag_or("use_sliding_window", false) &&
         layer >= config.count_or("max_window_layers", 28);
}

/// Gemma 2: every second layer sees all.
bool two_in_turn(const ConfigReader& /*config*/, std::int64_t layer) {
  return !every(layer, 2);
}

/// Gemma 3: five layers with a window, one that sees all.
bool by_pattern(const ConfigReader& config, std::int64_t layer) {
  return !every(layer, config.size_or("sliding_window_pattern", 6));
}

/// Llama 4: layers with rotary positions see their chunk, the others all. The list has a 1 for
/// each layer with rotary positions.
bool rotary_layers(const ConfigReader& config, std::int64_t layer) {
  const auto rotary = config.counts("no_rope_layers");
  if (rotary.empty()) return !every(layer, config.size_or("no_rope_layer_interval", 4));
  if (layer >= static_cast<std::int64_t>(rotary.size()))
    config.fail("no_rope_layers", fmt::format("expected an entry for layer {} too", layer));
  return rotary[static_cast<std::size_t>(layer)] != 0;
}

Maybe mixtral_experts(const ConfigReader& config, std::int64_t /*layer*/) {
  Experts experts;
  experts.count = config.size("num_local_experts");
  experts.chosen = config.size("num_experts_per_tok");
  experts.expert = gated(config.size("intermediate_size"));
  return experts;
}

Maybe llama4_experts(const ConfigReader& config, std::int64_t layer) {
  const auto sparse = config.counts("moe_layers");
  const bool dense = sparse.empty() ? !every(layer, config.size_or("interleave_moe_layer_step", 1))
                                    : !listed(sparse, layer);
  if (dense) return {};
  Maybe experts = mixtral_experts(config, layer);
  experts->shared = experts->expert;
  return experts;
}

Maybe qwen3_experts(const ConfigReader& config, std::int64_t layer) {
  const bool sparse = every(layer, config.size_or("decoder_sparse_step", 1)) &&
                      !listed(config.counts("mlp_only_layers"), layer);
  if (!sparse) return {};
  Experts experts;
  experts.count = config.size("num_experts");
  experts.chosen = config.size("num_experts_per_tok");
  experts.expert = gated(config.size("moe_intermediate_size"));
  return experts;
}

Maybe qwen2_experts(const ConfigReader& config, std::int64_t layer) {
  Maybe experts = qwen3_experts(config, layer);
  if (!experts) return {};
  experts->shared = gated(config.size("shared_expert_intermediate_size"));
  experts->shared_gate = true;
  return experts;
}

/// DeepSeek-V2 (arXiv:2405.04434), section 2.2.
Maybe deepseek_experts(const ConfigReader& config, std::int64_t layer) {
  const bool sparse = !config.is_null("n_routed_experts") &&
                      layer >= config.count_or("first_k_dense_replace", 0) &&
                      layer % config.size_or("moe_layer_freq", 1) == 0;
  if (!sparse) return {};
  const std::int64_t width = config.size("moe_intermediate_size");
  Experts experts;
  experts.count = config.size("n_routed_experts");
  experts.chosen = config.size("num_experts_per_tok");
  experts.expert = gated(width);
  experts.shared = gated(width * config.count_or("n_shared_experts", 0));
  experts.groups = config.size_or("n_group", 1);
  experts.groups_chosen = config.size_or("topk_group", experts.groups);
  return experts;
}

/// DeepSeek-V3 (arXiv:2412.19437), equation 16: a bias per expert balances the load.
Maybe deepseek3_experts(const ConfigReader& config, std::int64_t layer) {
  Maybe experts = deepseek_experts(config, layer);
  if (experts) experts->router_bias = true;
  return experts;
}

void deepseek_latent(const ConfigReader& config, Attention& attention) {
  Latent latent;
  if (!config.is_null("q_lora_rank")) latent.query_rank = config.size("q_lora_rank");
  latent.key_value_rank = config.size("kv_lora_rank");
  latent.rotary = config.size("qk_rope_head_dim");
  attention.head_size = config.size("qk_nope_head_dim");
  attention.value_size = config.size("v_head_dim");
  attention.latent = latent;
}

constexpr Keys gpt2_keys{.hidden = "n_embd",
                         .layers = "n_layer",
                         .heads = "n_head",
                         .width = "n_inner",
                         .context = "n_positions"};
constexpr Keys bloom_keys{.hidden = "n_embed",
                          .layers = "n_layer",
                          .heads = "n_head",
                          .width = "n_inner",
                          .context = "seq_length"};
constexpr Keys opt_keys{.width = "ffn_dim"};
constexpr Keys llama4_keys{.width = "intermediate_size_mlp"};  // intermediate_size: of an expert

constexpr Windows qwen_windows{"sliding_window", 4096, false, upper_layers};

// Defaults are those of the configuration classes of transformers. Llama 4's norm of queries and
// keys has no parameters.
// clang-format off
constexpr std::array all_families = {
    Family{.type = "gpt2", .keys = gpt2_keys, .defaults = {.width_by_hidden = 4}, .gated = false,
           .bias = true, .layer_norm = true, .tied = true, .extra_positions = 0},
    Family{.type = "gpt_neox", .gated = false, .bias = true, .layer_norm = true, .parallel = true},
    Family{.type = "bloom", .keys = bloom_keys, .defaults = {.width_by_hidden = 4}, .gated = false,
           .bias = true, .layer_norm = true, .tied = true, .embedding_norm = true},
    Family{.type = "opt", .keys = opt_keys, .gated = false, .bias = true, .layer_norm = true,
           .tied = true, .extra_positions = 2},
    Family{.type = "llama"},
    Family{.type = "llama4", .keys = llama4_keys, .defaults = {.key_value_heads = 8},
           .windows = {"attention_chunk_size", 8192, true, rotary_layers},
           .experts = llama4_experts},
    Family{.type = "mistral", .defaults = {.key_value_heads = 8},
           .windows = {"sliding_window", 4096, false, all_layers}},
    Family{.type = "mixtral", .defaults = {.key_value_heads = 8},
           .windows = {"sliding_window", 0, false, all_layers}, .experts = mixtral_experts},
    Family{.type = "qwen2", .defaults = {.key_value_heads = 32}, .qkv_bias = true,
           .windows = qwen_windows},
    Family{.type = "qwen2_moe", .defaults = {.key_value_heads = 16}, .qkv_bias = true,
           .windows = qwen_windows, .experts = qwen2_experts},
    Family{.type = "qwen3", .defaults = {.key_value_heads = 32, .head_size = 128},
           .query_key_norm = true, .windows = qwen_windows},
    Family{.type = "qwen3_moe", .defaults = {.key_value_heads = 4}, .query_key_norm = true,
           .windows = qwen_windows, .experts = qwen3_experts},
    Family{.type = "deepseek_v2", .latent = deepseek_latent, .experts = deepseek_experts},
    Family{.type = "deepseek_v3", .latent = deepseek_latent, .experts = deepseek3_experts},
    Family{.type = "gemma", .defaults = {.key_value_heads = 16, .head_size = 256}, .tied = true},
    Family{.type = "gemma2", .defaults = {.key_value_heads = 4, .head_size = 256}, .norms = 4,
           .tied = true, .windows = {"sliding_window", 4096, false, two_in_turn}},
    Family{.type = "gemma3",
           .defaults = {.vocabulary = 262208, .heads = 8, .key_value_heads = 4, .head_size = 256},
           .query_key_norm = true, .norms = 4, .tied = true,
           .windows = {"sliding_window", 4096, false, by_pattern}},
};
// clang-format on

}  // namespace

std::span<const Family> families() {
  return all_families;
}

}  // namespace kernels
