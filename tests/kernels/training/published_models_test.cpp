// Shipped models against what their makers publish.
#include <cmath>

#include <gtest/gtest.h>

#include "bench/program/model_file.hpp"
#include "bench/validation/published.hpp"
#include "kernels/training/counts.hpp"

namespace {

using bench::load_model;
using kernels::active_parameters;
using kernels::Scores;

struct Exact {
  const char* model;
  std::int64_t parameters;
};

std::int64_t total(const char* model) {
  return parameters(load_model(model)).total();
}

// Sizes of the checkpoints that their makers published: the "Model size" of the safetensors on
// huggingface.co, in full; for the Pile's and BLOOM's models also the text of the model card.
TEST(PublishedModels, CheckpointsToTheLastParameter) {
  for (const auto& [model, published] : {
           Exact{"llama2-7b", 6'738'415'616},          // meta-llama/Llama-2-7b-hf
           Exact{"llama2-13b", 13'015'864'320},        // meta-llama/Llama-2-13b-hf
           Exact{"llama2-70b", 68'976'648'192},        // meta-llama/Llama-2-70b-hf
           Exact{"llama3-8b", 8'030'261'248},          // meta-llama/Meta-Llama-3-8B
           Exact{"llama3-70b", 70'553'706'496},        // meta-llama/Meta-Llama-3-70B
           Exact{"llama3.1-405b", 405'853'388'800},    // meta-llama/Llama-3.1-405B
           Exact{"gpt2", 124'439'808},                 // openai-community/gpt2
           Exact{"gpt2-xl", 1'557'611'200},            // openai-community/gpt2-xl
           Exact{"gpt-neox-20b", 20'554'567'680},      // EleutherAI/gpt-neox-20b, model card
           Exact{"bloom-176b", 176'247'271'424},       // bigscience/bloom, model card
           Exact{"opt-6.7b", 6'658'473'984},           // facebook/opt-6.7b
           Exact{"mistral-7b", 7'241'732'096},         // mistralai/Mistral-7B-v0.1
           Exact{"mixtral-8x7b", 46'702'792'704},      // mistralai/Mixtral-8x7B-v0.1
           Exact{"mixtral-8x22b", 140'630'071'296},    // mistralai/Mixtral-8x22B-Instruct-v0.1
           Exact{"qwen2.5-72b", 72'706'203'648},       // Qwen/Qwen2.5-72B
           Exact{"qwen3-32b", 32'762'123'264},         // Qwen/Qwen3-32B
           Exact{"qwen3-30b-a3b", 30'532'122'624},     // Qwen/Qwen3-30B-A3B
           Exact{"qwen3-235b-a22b", 235'093'634'560},  // Qwen/Qwen3-235B-A22B
           Exact{"deepseek-v2", 235'741'434'880},      // deepseek-ai/DeepSeek-V2
           Exact{"deepseek-v3", 671'026'419'200},      // deepseek-ai/DeepSeek-V3, without its MTP
           Exact{"gemma-7b", 8'537'680'896},           // google/gemma-7b
           Exact{"gemma2-27b", 27'227'128'320},        // google/gemma-2-27b
       })
    EXPECT_EQ(total(model), published) << model;
}

/// Of a linear layer with bias.
constexpr std::int64_t linear(std::int64_t inputs, std::int64_t outputs) {
  return (inputs + 1) * outputs;
}

/// Of an encoder's layers: four projections, an MLP, two LayerNorms.
constexpr std::int64_t encoder(std::int64_t layers, std::int64_t hidden, std::int64_t width) {
  return layers *
         (4 * linear(hidden, hidden) + linear(hidden, width) + linear(width, hidden) + 4 * hidden);
}

// google/gemma-3-27b-it holds 27,432,406,640 with its eyes: SigLIP's 27 layers over patches of
// 14 x 14 of 896 x 896 pixels, a last norm, and a projection with a norm of its own.
TEST(PublishedModels, Gemma3WithoutItsVisionTower) {
  const std::int64_t vision =
      encoder(27, 1152, 4304) + linear(14 * 14 * 3, 1152) + 64 * 64 * 1152 + 2 * 1152;
  EXPECT_EQ(total("gemma3-27b"), 27'432'406'640 - vision - 1152 * 5376 - 1152);
}

// meta-llama/Llama-4-Scout-17B-16E and -Maverick-17B-128E: 34 layers over patches of 14 x 14 of
// 336 x 336 pixels and one of the class, norms before and after, a shuffle's MLP, a projection.
TEST(PublishedModels, Llama4WithoutItsVisionTower) {
  const std::int64_t vision = encoder(34, 1408, 5632) + 14 * 14 * 3 * 1408 + 1408 +
                              (24 * 24 + 1) * 1408 + 4 * 1408 + 5632 * 4096 + 4096 * 4096 +
                              4096 * 5120;
  EXPECT_EQ(total("llama4-scout"), 108'641'793'536 - vision);
  EXPECT_EQ(total("llama4-maverick"), 401'583'781'376 - vision);
}

struct Rounded {
  const char* model;
  double billions;
  double step;  ///< of the last digit that is printed
};

TEST(PublishedModels, TotalsAsRounded) {
  for (const auto& [model, billions, step] : {
           Rounded{"gpt3-175b", 174.6, 0.1},    // arXiv:2005.14165, table D.1: 174,600 M
           Rounded{"opt-175b", 175, 1},         // arXiv:2205.01068
           Rounded{"mt-nlg-530b", 529.6, 0.1},  // arXiv:2104.04473, table 1
           Rounded{"gpt-1t", 1008.0, 0.1},      // arXiv:2104.04473, table 1
           Rounded{"deepseek-v2", 236, 1},      // arXiv:2405.04434, abstract
           Rounded{"deepseek-v3", 671, 1},      // arXiv:2412.19437, abstract
       })
    EXPECT_NEAR(static_cast<double>(total(model)) / 1e9, billions, step / 2) << model;
  // 314B by its maker; its matrices, as published in code, are half a percent more.
  EXPECT_NEAR(static_cast<double>(total("grok-1")) / 1e9, 314, 2);
}

TEST(PublishedModels, ActiveParametersAsRounded) {
  for (const auto& [model, billions, step] : {
           Rounded{"mixtral-8x7b", 13, 1},      // arXiv:2401.04088, abstract
           Rounded{"mixtral-8x22b", 39, 1},     // mistral.ai, 17 April 2024
           Rounded{"qwen3-30b-a3b", 3.3, 0.1},  // model card; abstract of arXiv:2505.09388: 3B
           Rounded{"qwen3-235b-a22b", 22, 1},   // arXiv:2505.09388
           Rounded{"deepseek-v2", 21, 1},       // arXiv:2405.04434, abstract
           Rounded{"llama4-scout", 17, 1},      // ai.meta.com, 5 April 2025
           Rounded{"llama4-maverick", 17, 1},   // ai.meta.com, 5 April 2025
       })
    EXPECT_NEAR(static_cast<double>(active_parameters(load_model(model)).total()) / 1e9,
                billions,
                step / 2 * 1.1)
        << model;
  // 37B counts one of the two tables (36.6) or both (37.6).
  EXPECT_NEAR(
      static_cast<double>(active_parameters(load_model("deepseek-v3")).total()) / 1e9, 37, 0.6);
}

TEST(PublishedModels, WholeTrainingRuns) {
  // arXiv:2005.14165, table D.1: 3.14e23 for 300e9 tokens.
  EXPECT_NEAR(six_per_parameter(load_model("gpt3-175b")).value() * 300e9, 3.14e23, 0.005e23);
  // arXiv:2407.21783, section 3.2: 3.8e25 for 15.6e12 tokens.
  EXPECT_NEAR(six_per_parameter(load_model("llama3.1-405b")).value() * 15.6e12, 3.8e25, 0.05e25);
}

/// arXiv:2104.04473, equation 3: a batch of B sequences of s, recomputed, nothing masked.
double megatron(double batch, double s, double l, double h, double vocabulary) {
  return 96 * batch * s * l * h * h * (1 + s / (6 * h) + vocabulary / (16 * l * h));
}

TEST(PublishedModels, MegatronsFormula) {
  const auto ours = [](const char* model) {
    return recomputed_flops(load_model(model), 2048, Scores::full).value() * 2048;
  };
  EXPECT_DOUBLE_EQ(ours("gpt-1t"), megatron(1, 2048, 128, 25600, 51200));
  EXPECT_DOUBLE_EQ(ours("mt-nlg-530b"), megatron(1, 2048, 105, 20480, 51200));
  EXPECT_DOUBLE_EQ(ours("gpt3-175b"), megatron(1, 2048, 96, 12288, 50257));
  // arXiv:2205.05198, equation 7: without recomputation.
  const double l = 128;
  const double h = 25600;
  EXPECT_DOUBLE_EQ(training_flops(load_model("gpt-1t"), 2048, Scores::full).value(),
                   72 * l * h * h * (1 + 2048 / (6 * h) + 51200 / (12 * l * h)));
}

struct Alias {
  const char* published;
  const char* model;
  double tolerance;
};

// FLOPs per chip and second that somebody else computed for published training runs: causal, no
// recomputation, the head once, no router.
TEST(PublishedModels, FlopsOfTrainingRuns) {
  int rows = 0;
  const auto table = bench::read_published(RAINIER_SOURCE_DIR "/results/published/training.csv");
  for (const auto& [published, name, tolerance] : {
           Alias{"llama2-7b", "llama2-7b", 0.002},
           Alias{"llama2-13b", "llama2-13b", 0.002},
           Alias{"llama2-70b", "llama2-70b", 0.002},
           Alias{"llama3-8b", "llama3-8b", 0.002},
           Alias{"llama3-70b", "llama3-70b", 0.002},
           Alias{"llama3.1-405b", "llama3.1-405b", 0.002},
           Alias{"gpt3-175b", "gpt3-175b", 0.002},
           Alias{"bloom-176b", "bloom-176b", 0.002},
           Alias{"mtnlg-530b", "mt-nlg-530b", 0.002},
           Alias{"gpt-1008b", "gpt-1t", 0.002},
           Alias{"mixtral-8x7b", "mixtral-8x7b", 0.002},
           Alias{"mixtral-8x22b", "mixtral-8x22b", 0.002},
           Alias{"grok-1-314b", "grok-1", 0.002},
           Alias{"qwen3-30b-a3b", "qwen3-30b-a3b", 0.01},
           Alias{"qwen3-235b-a22b", "qwen3-235b-a22b", 0.01},
           // That table leaves the rotary 64 of 192 out of queries x keys, too: 2.8 %.
           Alias{"deepseek-v3", "deepseek-v3", 0.03},
       }) {
    const kernels::Model model = load_model(name);
    for (const bench::PublishedRow& row : table) {
      const auto seconds = row.number("step_s");
      const auto rate = row.number("calc_model_tflops_chip");
      if (row.text("model") != published || !seconds || !rate) continue;
      ++rows;
      const std::int64_t sequence = row.count("seq");
      const auto tokens = static_cast<double>(row.count("gbs") * sequence);
      const double theirs = *rate * 1e12 * *seconds * static_cast<double>(row.count("chips"));
      EXPECT_NEAR(training_flops(model, sequence).value() * tokens / theirs, 1, tolerance)
          << row.text("id");
    }
  }
  EXPECT_GT(rows, 100);
}

}  // namespace
