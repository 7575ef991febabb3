// config.json as it comes: defaults, nested parts, lists of layers; and every slip refused.
#include "kernels/training/config.hpp"

#include <gtest/gtest.h>

#include "kernels/training/counts.hpp"
#include "tests/topology/scratch.hpp"

namespace {

using fixtures::expect_mentions;
using fixtures::refusal;
using kernels::Model;
using kernels::model_from_config;

/// A small Llama with `changes` in front, which win over what follows.
std::string llama_text(const std::string& changes = "") {
  return "{" + changes + (changes.empty() ? "" : ",") +
         R"("model_type": "llama", "hidden_size": 64, "num_hidden_layers": 4,
            "num_attention_heads": 8, "intermediate_size": 128, "vocab_size": 100})";
}

/// The same with one key replaced, or taken away if `value` is empty.
std::string with(const std::string& key, const std::string& value) {
  std::string text = llama_text();
  const auto begin = text.find("\"" + key + "\"");
  const auto end = text.find_first_of(",}", begin);
  if (!value.empty()) return text.replace(begin, end - begin, "\"" + key + "\": " + value);
  return text.erase(begin, end - begin + 1);
}

Model read(const std::string& text) {
  return model_from_config(text, "some/config.json");
}

void expect_refused(const std::string& text, std::initializer_list<const char*> words) {
  const std::string message = refusal([&text] { (void)read(text); });
  expect_mentions(message, "some/config.json: ");
  for (const char* word : words) expect_mentions(message, word);
}

TEST(Config, DefaultsOfLlama) {
  const Model model = read(llama_text());
  EXPECT_EQ(model.name, "some/config.json");
  EXPECT_EQ(model.depth(), 4);
  EXPECT_FALSE(model.tied);
  EXPECT_EQ(model.positions, 0);
  ASSERT_EQ(model.layers.size(), 1U);
  const kernels::Layer& layer = model.layers[0].layer;
  EXPECT_EQ(layer.attention.key_value_heads, 8);
  EXPECT_EQ(layer.attention.head_size, 8);
  EXPECT_EQ(layer.attention.value_size, 8);
  EXPECT_FALSE(layer.attention.qkv_bias);
  EXPECT_FALSE(layer.attention.output_bias);
  EXPECT_TRUE(layer.mlp.gated);
  EXPECT_FALSE(layer.mlp.bias);
  EXPECT_FALSE(layer.norm_bias);
}

TEST(Config, WhatLlamaMaySay) {
  const Model model = read(llama_text(R"("num_key_value_heads": 2, "head_dim": 16, "mlp_bias": true,
      "attention_bias": true, "tie_word_embeddings": true, "torch_dtype": "bfloat16")"));
  const kernels::Layer& layer = model.layers[0].layer;
  EXPECT_EQ(layer.attention.key_value_heads, 2);
  EXPECT_EQ(layer.attention.head_size, 16);
  EXPECT_TRUE(layer.attention.qkv_bias);
  EXPECT_TRUE(layer.attention.output_bias);
  EXPECT_TRUE(layer.mlp.bias);
  EXPECT_TRUE(model.tied);
  EXPECT_EQ(layer_parameters(layer, 64)[kernels::ModelPart::attention],
            65 * 128 + 2 * 65 * 32 + 129 * 64);
}

// Qwen/Qwen1.5-MoE-A2.7B: 14,315,784,192 parameters in its safetensors, 2.7e9 active.
TEST(Config, Qwen2WithExperts) {
  const Model model = read(R"({"model_type": "qwen2_moe", "hidden_size": 2048,
      "num_hidden_layers": 24, "num_attention_heads": 16, "num_key_value_heads": 16,
      "intermediate_size": 5632, "moe_intermediate_size": 1408, "num_experts": 60,
      "num_experts_per_tok": 4, "shared_expert_intermediate_size": 5632, "vocab_size": 151936})");
  EXPECT_EQ(parameters(model).total(), 14'315'784'192);
  EXPECT_NEAR(static_cast<double>(active_parameters(model).total()), 2.7e9, 0.05e9);
}

// deepseek-ai/DeepSeek-V2-Lite: 15,706,484,224; its queries have no latent.
TEST(Config, QueriesWithoutLatent) {
  const Model model = read(R"({"model_type": "deepseek_v2", "hidden_size": 2048,
      "num_hidden_layers": 27, "num_attention_heads": 16, "q_lora_rank": null,
      "kv_lora_rank": 512, "qk_nope_head_dim": 128, "qk_rope_head_dim": 64, "v_head_dim": 128,
      "intermediate_size": 10944, "n_routed_experts": 64, "n_shared_experts": 2,
      "num_experts_per_tok": 6, "moe_intermediate_size": 1408, "first_k_dense_replace": 1,
      "vocab_size": 102400})");
  EXPECT_EQ(parameters(model).total(), 15'706'484'224);
}

// google/gemma-3-4b-it says no more than this of its text: 4,300,079,472 with the vision tower of
// all of Gemma 3 and a projection to 2560.
TEST(Config, SilentGemma3) {
  const Model model = read(R"({"model_type": "gemma3", "text_config": {"hidden_size": 2560,
      "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34,
      "sliding_window": 1024}})");
  EXPECT_EQ(model.type, "gemma3");
  EXPECT_EQ(parameters(model).total(), 4'300'079'472 - 416'866'032 - 1152 * 2560 - 1152);
}

TEST(Config, NestedPartMayLeaveItsTypeToTheWhole) {
  EXPECT_EQ(read(R"({"model_type": "llama", "text_config": )" + llama_text() + "}").hidden, 64);
  expect_refused(R"({"model_type": "llama", "text_config": )" + with("hidden_size", "0") + "}",
                 {"text_config.hidden_size", "at least 1"});
  expect_refused(R"({"model_type": "llama", "text_config": 7})", {"text_config", "an object"});
}

TEST(Config, WindowsByListOfLayers) {
  const std::string gemma = R"({"model_type": "gemma2", "hidden_size": 64, "num_hidden_layers": 3,
      "num_attention_heads": 8, "intermediate_size": 128, "vocab_size": 100, "layer_types": )";
  const Model model = read(gemma + R"(["full_attention", "full_attention", "sliding_attention"]})");
  ASSERT_EQ(model.layers.size(), 2U);
  EXPECT_EQ(model.layers[0].count, 2);
  EXPECT_EQ(model.layers[0].layer.attention.window, 0);
  EXPECT_EQ(model.layers[1].layer.attention.window, 4096);
  EXPECT_EQ(model.layers[1].layer.attention.head_size, 256);
  expect_refused(gemma + R"(["full_attention"]})", {"layer_types", "layer 1"});
  expect_refused(gemma + "[1]}", {"layer_types", "a list of texts, not 1"});
}

TEST(Config, WindowsOfQwenAreOffUnlessAskedFor) {
  const std::string qwen = R"({"model_type": "qwen2", "hidden_size": 64, "num_hidden_layers": 4,
      "num_attention_heads": 32, "intermediate_size": 128, "vocab_size": 100,
      "sliding_window": 512, "max_window_layers": 3)";
  EXPECT_EQ(read(qwen + "}").layers.size(), 1U);
  const Model model = read(qwen + R"(, "use_sliding_window": true})");
  ASSERT_EQ(model.layers.size(), 2U);
  EXPECT_EQ(model.layers[0].count, 3);
  EXPECT_EQ(model.layers[1].layer.attention.window, 512);
}

/// What every layer has, in the order of the model, as text: "w" for a window, "e" for experts.
std::string marks(const Model& model) {
  std::string text;
  for (const auto& [layer, count] : model.layers)
    for (std::int64_t i = 0; i < count; ++i)
      text += std::string(layer.attention.window > 0 ? "w" : "-") + (layer.experts ? "e " : "- ");
  return text;
}

std::string small(const std::string& type, const std::string& more) {
  return R"({"model_type": ")" + type + R"(", "hidden_size": 64, "num_hidden_layers": 6,
      "num_attention_heads": 8, "intermediate_size": 128, "vocab_size": 100)" +
         more + "}";
}

TEST(Config, WindowsByPattern) {
  EXPECT_EQ(marks(read(small("gemma2", ""))), "w- -- w- -- w- -- ");
  EXPECT_EQ(marks(read(small("gemma3_text", ""))), "w- w- w- w- w- -- ");
  EXPECT_EQ(marks(read(small("gemma3_text", R"(, "sliding_window_pattern": 3)"))),
            "w- w- -- w- w- -- ");
}

TEST(Config, WhichLayersOfLlama4HaveExperts) {
  const std::string sizes =
      R"(, "intermediate_size_mlp": 256, "num_local_experts": 4, "num_experts_per_tok": 1)";
  const auto llama4 = [&sizes](const std::string& more) {
    return marks(read(small("llama4_text", sizes + more)));
  };
  EXPECT_EQ(llama4(""), "we we we -e we we ");
  EXPECT_EQ(llama4(R"(, "interleave_moe_layer_step": 2)"), "w- we w- -e w- we ");
  EXPECT_EQ(llama4(R"(, "moe_layers": [0, 4])"), "we w- w- -- we w- ");
  EXPECT_EQ(llama4(R"(, "no_rope_layers": [0, 1, 1, 1, 1, 0])"), "-e we we we we -e ");
  expect_refused(small("llama4_text", sizes + R"(, "no_rope_layers": [1, 1])"),
                 {"no_rope_layers", "layer 2"});
}

TEST(Config, WhichLayersOfQwenHaveExperts) {
  const std::string sizes =
      R"(, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32)";
  EXPECT_EQ(marks(read(small("qwen3_moe", sizes))), "-e -e -e -e -e -e ");
  const std::string few = R"(, "decoder_sparse_step": 2, "mlp_only_layers": [3])";
  EXPECT_EQ(marks(read(small("qwen3_moe", sizes + few))), "-- -e -- -- -- -e ");
}

TEST(Config, DeepSeekMaySay) {
  const std::string sizes = R"(, "q_lora_rank": 16, "kv_lora_rank": 12, "qk_nope_head_dim": 8,
      "qk_rope_head_dim": 4, "v_head_dim": 8, "moe_intermediate_size": 32,
      "num_experts_per_tok": 2)";
  const std::string experts = R"(, "n_routed_experts": 8)";
  EXPECT_EQ(
      marks(read(small("deepseek_v2",
                       sizes + experts + R"(, "first_k_dense_replace": 1, "moe_layer_freq": 2)"))),
      "-- -- -e -- -e -- ");
  EXPECT_EQ(marks(read(small("deepseek_v2", sizes + R"(, "n_routed_experts": null)"))),
            "-- -- -- -- -- -- ");
  // Biases of what comes from the hidden state: latents of 16 and 12, a rotary key of 4; output.
  const auto attention = [&](const std::string& more) {
    const Model model = read(small("deepseek_v3", sizes + experts + more));
    return layer_parameters(model.layers[0].layer, 64)[kernels::ModelPart::attention];
  };
  EXPECT_EQ(attention(R"(, "attention_bias": true)") - attention(""), 16 + 12 + 4 + 64);
}

TEST(Config, NullHeadsOfKeysAreAllHeads) {
  EXPECT_EQ(read(small("mistral", "")).layers[0].layer.attention.key_value_heads, 8);
  const std::string mistral = R"({"model_type": "mistral", "hidden_size": 64,
      "num_hidden_layers": 1, "num_attention_heads": 16, "intermediate_size": 128,
      "vocab_size": 100)";
  EXPECT_EQ(read(mistral + "}").layers[0].layer.attention.key_value_heads, 8);
  EXPECT_EQ(
      read(mistral + R"(, "num_key_value_heads": null})").layers[0].layer.attention.key_value_heads,
      16);
}

TEST(Config, NullWindowIsNone) {
  const std::string mistral = R"({"model_type": "mistral", "hidden_size": 64,
      "num_hidden_layers": 1, "num_attention_heads": 8, "intermediate_size": 128,
      "vocab_size": 100)";
  EXPECT_EQ(read(mistral + "}").layers[0].layer.attention.window, 4096);
  EXPECT_EQ(read(mistral + R"(, "sliding_window": null})").layers[0].layer.attention.window, 0);
}

TEST(Config, Malformed) {
  expect_refused("{\"model_type\": \"llama\",\n  \"hidden_size\" 64}", {"line 2", "column"});
  expect_refused("", {"line 1"});
  expect_refused("[1, 2]", {"expected a JSON object"});
  expect_refused("{}", {"model_type", "missing"});
  expect_refused(R"({"model_type": 7})", {"model_type", "a text, not 7"});
}

TEST(Config, UnknownType) {
  expect_refused(R"({"model_type": "lama"})",
                 {"model_type", "'lama'", "did you mean 'llama'?", "deepseek_v3", "gpt_neox"});
  expect_refused(R"({"model_type": "bert"})", {"unknown model_type 'bert'", "qwen3_moe"});
}

TEST(Config, EverySizeIsNeeded) {
  for (const char* key :
       {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"})
    expect_refused(with(key, ""), {key, "missing", "an integer of at least 1"});
  expect_refused(R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 4})",
                 {"vocab_size", "missing"});
}

TEST(Config, EverySizeIsASize) {
  for (const char* key :
       {"hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"}) {
    expect_refused(with(key, "0"), {key, "at least 1, not 0"});
    expect_refused(with(key, "-64"), {key, "at least 1, not -64"});
    expect_refused(with(key, "64.5"), {key, "an integer", "not 64.5"});
    expect_refused(with(key, "\"64\""), {key, "an integer", "not \"64\""});
    expect_refused(with(key, "true"), {key, "an integer", "not true"});
    expect_refused(with(key, '"' + std::string(50, 'x') + '"'), {key, "not \"xxx", "xxx..."});
    expect_refused(with(key, "18446744073709551615"), {key, "at most 2^31"});
  }
}

TEST(Config, HeadsThatDoNotDivide) {
  expect_refused(with("num_attention_heads", "7"), {"num_attention_heads", "64", "not 7"});
  expect_refused(llama_text(R"("num_key_value_heads": 3)"), {"num_key_value_heads", "8", "not 3"});
  expect_refused(llama_text(R"("num_key_value_heads": 16)"), {"num_key_value_heads", "not 16"});
  expect_refused(llama_text(R"("tie_word_embeddings": "yes")"),
                 {"tie_word_embeddings", "true or false, not \"yes\""});
}

TEST(Config, ExpertsThatDoNotFit) {
  const std::string deepseek = R"({"model_type": "deepseek_v3", "hidden_size": 64,
      "num_hidden_layers": 2, "num_attention_heads": 8, "q_lora_rank": 16, "kv_lora_rank": 16,
      "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 8, "intermediate_size": 128,
      "moe_intermediate_size": 32, "n_routed_experts": 8, "vocab_size": 100)";
  EXPECT_EQ(read(deepseek + R"(, "num_experts_per_tok": 8})").depth(), 2);
  expect_refused(deepseek + "}", {"num_experts_per_tok", "missing"});
  expect_refused(deepseek + R"(, "num_experts_per_tok": 9})", {"num_experts_per_tok", "8", "9"});
  expect_refused(deepseek + R"(, "num_experts_per_tok": 2, "n_group": 3})", {"n_group", "8"});
  expect_refused(deepseek + R"(, "num_experts_per_tok": 2, "n_group": 4, "topk_group": 5})",
                 {"topk_group", "4"});
}

TEST(Config, TooLargeToCount) {
  expect_refused(with("num_hidden_layers", "10001"), {"num_hidden_layers", "at most 10000"});
  expect_refused(with("hidden_size", "2147483648"), {"hidden_size", "less than 1e+18 parameters"});
}

TEST(Config, WhatIsNotModelled) {
  expect_refused(llama_text(R"("word_embed_proj_dim": 32)"), {"word_embed_proj_dim", "64"});
  expect_refused(llama_text(R"("do_layer_norm_before": false)"), {"do_layer_norm_before", "true"});
  expect_refused(llama_text(R"("add_cross_attention": true)"), {"add_cross_attention", "false"});
}

}  // namespace
