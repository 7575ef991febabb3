// Parts of a layer by hand, masks by brute force, conventions against each other.
#include "kernels/training/counts.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "bench/program/model_file.hpp"

namespace {

using kernels::Attention;
using kernels::FlopParts;
using kernels::ModelPart;
using kernels::Parameters;
using kernels::Scores;

/// Mean number of keys that a mask lets a query see.
double seen(std::int64_t sequence, const std::function<bool(std::int64_t, std::int64_t)>& mask) {
  std::int64_t sum = 0;
  for (std::int64_t query = 0; query < sequence; ++query)
    for (std::int64_t key = 0; key <= query; ++key) sum += mask(query, key) ? 1 : 0;
  return static_cast<double>(sum) / static_cast<double>(sequence);
}

TEST(Scores, ExactIsWhatTheMaskLeaves) {
  const std::int64_t window = 16;
  Attention attention;
  for (const std::int64_t s : {1, 2, 15, 16, 17, 40, 64, 100}) {
    attention.window = 0;
    const double all = seen(s, [](auto, auto) { return true; });
    EXPECT_DOUBLE_EQ(keys_per_query(attention, s, Scores::exact), all) << s;
    EXPECT_DOUBLE_EQ(all, static_cast<double>(s + 1) / 2) << s;
    attention.window = window;
    attention.chunked = false;
    EXPECT_DOUBLE_EQ(keys_per_query(attention, s, Scores::exact),
                     seen(s, [](auto query, auto key) { return query - key < window; }))
        << s;
    attention.chunked = true;
    EXPECT_DOUBLE_EQ(keys_per_query(attention, s, Scores::exact),
                     seen(s, [](auto query, auto key) { return query / window == key / window; }))
        << s;
  }
}

TEST(Scores, ConventionsDifferAsTheySay) {
  Attention attention;
  EXPECT_DOUBLE_EQ(keys_per_query(attention, 4096, Scores::full), 4096);
  EXPECT_DOUBLE_EQ(keys_per_query(attention, 4096, Scores::causal), 2048);
  EXPECT_DOUBLE_EQ(keys_per_query(attention, 4096, Scores::exact), 2048.5);
  attention.window = 1024;
  EXPECT_DOUBLE_EQ(keys_per_query(attention, 4096, Scores::full), 1024);
  EXPECT_DOUBLE_EQ(keys_per_query(attention, 4096, Scores::causal), 1024 - 1024 / 8.0);
  EXPECT_DOUBLE_EQ(keys_per_query(attention, 512, Scores::causal), 256);
  attention.chunked = true;
  EXPECT_DOUBLE_EQ(keys_per_query(attention, 4096, Scores::causal), 512);
}

TEST(Counts, PartsOfLlama) {
  const kernels::Model model = bench::load_model("llama3-8b");
  ASSERT_EQ(model.layers.size(), 1U);
  const Parameters layer = layer_parameters(model.layers[0].layer, model.hidden);
  EXPECT_EQ(layer[ModelPart::attention], 2 * 4096 * 4096 + 2 * 4096 * 1024);
  EXPECT_EQ(layer[ModelPart::mlp], 3 * 4096 * 14336);
  EXPECT_EQ(layer[ModelPart::norms], 2 * 4096);
  EXPECT_EQ(layer.total(),
            layer[ModelPart::attention] + layer[ModelPart::mlp] + layer[ModelPart::norms]);
  const Parameters all = parameters(model);
  EXPECT_EQ(all[ModelPart::norms], 32 * 2 * 4096 + 4096);
  EXPECT_EQ(all[ModelPart::embedding], 128256 * 4096);
  EXPECT_EQ(all[ModelPart::head], 128256 * 4096);
  const FlopParts flops = forward_flops(model, 8192);
  EXPECT_DOUBLE_EQ(flops[ModelPart::attention].value(), 2.0 * 32 * 4096 * (2 * 4096 + 2 * 1024));
  EXPECT_DOUBLE_EQ(flops[ModelPart::scores].value(), 32 * 4.0 * 4096 * 8192 / 2);
  EXPECT_DOUBLE_EQ(flops[ModelPart::mlp].value(), 2.0 * 32 * 3 * 4096 * 14336);
  EXPECT_DOUBLE_EQ(flops[ModelPart::head].value(), 2.0 * 128256 * 4096);
  EXPECT_EQ(flops[ModelPart::norms].value(), 0);
  EXPECT_EQ(flops[ModelPart::embedding].value(), 0);
}

TEST(Counts, PartsOfDeepSeek) {
  const kernels::Model model = bench::load_model("deepseek-v3");
  ASSERT_EQ(model.layers.size(), 2U);
  EXPECT_EQ(model.layers[0].count, 3);
  EXPECT_EQ(model.layers[1].count, 58);
  const kernels::Layer& sparse = model.layers[1].layer;
  const std::int64_t expert = 3 * 7168 * 2048;
  const Parameters layer = layer_parameters(sparse, model.hidden);
  EXPECT_EQ(layer[ModelPart::mlp], 0);
  EXPECT_EQ(layer[ModelPart::experts], 256 * expert);
  EXPECT_EQ(layer[ModelPart::shared], expert);
  EXPECT_EQ(layer[ModelPart::router], 256 * 7168 + 256);
  EXPECT_EQ(layer[ModelPart::norms], 2 * 7168 + 1536 + 512);
  const Parameters active = active_layer_parameters(sparse, model.hidden);
  EXPECT_EQ(active[ModelPart::experts], 8 * expert);
  EXPECT_EQ(layer.total() - active.total(), 248 * expert);
  const FlopParts flops = layer_flops(sparse, model.hidden, 4096);
  EXPECT_DOUBLE_EQ(flops[ModelPart::experts].value(), 2.0 * 8 * static_cast<double>(expert));
  EXPECT_DOUBLE_EQ(flops[ModelPart::router].value(), 2.0 * 256 * 7168);
  EXPECT_DOUBLE_EQ(flops[ModelPart::scores].value(), 2.0 * 128 * (192 + 128) * 2048);
}

TEST(Counts, TrainingIsThreeTimesForward) {
  const kernels::Model model = bench::load_model("gemma2-27b");
  for (const Scores scores : {Scores::full, Scores::causal, Scores::exact}) {
    const FlopParts forward = forward_flops(model, 8192, scores);
    EXPECT_DOUBLE_EQ(training_flops(model, 8192, scores).value(), 3 * forward.total().value());
    EXPECT_DOUBLE_EQ(recomputed_flops(model, 8192, scores).value(),
                     4 * forward.total().value() - forward[ModelPart::head].value());
  }
  EXPECT_LT(training_flops(model, 8192), training_flops(model, 8192, Scores::exact));
  EXPECT_LT(training_flops(model, 8192, Scores::exact), training_flops(model, 8192, Scores::full));
}

// Korthikanti et al.: queries times keys are 2 B s^2 h of a layer's forward pass.
TEST(Counts, ScoresThatComeAgain) {
  const kernels::Model model = bench::load_model("gpt2");
  EXPECT_DOUBLE_EQ(
      (rescored_flops(model, 1024, Scores::full) - training_flops(model, 1024, Scores::full))
          .value(),
      2.0 * 1024 * 768 * 12);
}

TEST(Counts, SixPerParameter) {
  EXPECT_DOUBLE_EQ(six_per_parameter(bench::load_model("gpt2")).value(), 6.0 * 124'439'808);
}

}  // namespace
