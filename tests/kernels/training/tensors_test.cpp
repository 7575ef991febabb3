// Closed forms against counts tensor by tensor, written family by family from their papers and
// reference code. The sequence is longer than Gemma's and Mistral's windows and no multiple of
// Llama 4's chunks.
#include <gtest/gtest.h>

#include "bench/program/model_file.hpp"
#include "kernels/training/counts.hpp"
#include "tests/kernels/training/tally.hpp"

namespace {

using fixtures::Tally;

constexpr std::int64_t sequence = 10'000;

void expect_equal(const char* name, const Tally& tally) {
  const kernels::Model model = bench::load_model(name);
  EXPECT_EQ(parameters(model).total(), tally.parameters()) << name;
  EXPECT_EQ(active_parameters(model).total(), tally.active()) << name;
  const double forward = forward_flops(model, tally.sequence()).total().value();
  EXPECT_NEAR(forward / tally.flops(), 1, 1e-9) << name;
}

void attend_with_biases(Tally& tally, std::int64_t hidden, std::int64_t heads) {
  for (int projection = 0; projection < 4; ++projection) tally.linear(hidden, hidden, true);
  tally.attend(heads, hidden / heads, hidden / heads);
}

void plain_mlp(Tally& tally, std::int64_t hidden) {
  tally.linear(hidden, 4 * hidden, true);
  tally.linear(4 * hidden, hidden, true);
}

void attend_in_groups(Tally& tally,
                      std::int64_t hidden,
                      std::int64_t heads,
                      std::int64_t key_value_heads,
                      std::int64_t size,
                      std::int64_t window = 0,
                      bool chunked = false) {
  tally.linear(hidden, heads * size);
  tally.linear(hidden, key_value_heads * size);
  tally.linear(hidden, key_value_heads * size);
  tally.linear(heads * size, hidden);
  tally.attend(heads, size, size, window, chunked);
}

TEST(Tensors, Gpt2) {
  Tally tally(1024);
  tally.vector(std::int64_t{50257} * 768);
  tally.vector(1024 * 768);
  for (int layer = 0; layer < 12; ++layer) {
    tally.layer_norm(768);
    attend_with_biases(tally, 768, 12);
    tally.layer_norm(768);
    plain_mlp(tally, 768);
  }
  tally.layer_norm(768);
  tally.reuse(768, 50257);
  expect_equal("gpt2", tally);
}

TEST(Tensors, Opt) {
  Tally tally(2048);
  tally.vector(std::int64_t{50272} * 4096);
  tally.vector((2048 + 2) * 4096);
  for (int layer = 0; layer < 32; ++layer) {
    tally.layer_norm(4096);
    attend_with_biases(tally, 4096, 32);
    tally.layer_norm(4096);
    plain_mlp(tally, 4096);
  }
  tally.layer_norm(4096);
  tally.reuse(4096, 50272);
  expect_equal("opt-6.7b", tally);
}

TEST(Tensors, Bloom) {
  Tally tally(sequence);
  tally.vector(std::int64_t{250880} * 14336);
  tally.layer_norm(14336);
  for (int layer = 0; layer < 70; ++layer) {
    tally.layer_norm(14336);
    attend_with_biases(tally, 14336, 112);
    tally.layer_norm(14336);
    plain_mlp(tally, 14336);
  }
  tally.layer_norm(14336);
  tally.reuse(14336, 250880);
  expect_equal("bloom-176b", tally);
}

TEST(Tensors, GptNeoX) {
  Tally tally(sequence);
  tally.vector(std::int64_t{50432} * 6144);
  for (int layer = 0; layer < 44; ++layer) {
    tally.layer_norm(6144);
    tally.layer_norm(6144);
    attend_with_biases(tally, 6144, 64);
    plain_mlp(tally, 6144);
  }
  tally.layer_norm(6144);
  tally.linear(6144, 50432);
  expect_equal("gpt-neox-20b", tally);
}

TEST(Tensors, Llama) {
  Tally tally(sequence);
  tally.vector(std::int64_t{128256} * 4096);
  for (int layer = 0; layer < 32; ++layer) {
    tally.vector(4096);
    attend_in_groups(tally, 4096, 32, 8, 128);
    tally.vector(4096);
    tally.gated_mlp(4096, 14336);
  }
  tally.vector(4096);
  tally.linear(4096, 128256);
  expect_equal("llama3-8b", tally);
}

TEST(Tensors, Llama4) {
  Tally tally(sequence);
  tally.vector(std::int64_t{202048} * 5120);
  for (int layer = 1; layer <= 48; ++layer) {
    tally.vector(5120);
    attend_in_groups(tally, 5120, 40, 8, 128, layer % 4 == 0 ? 0 : 8192, true);
    tally.vector(5120);
    if (layer % 2 == 0) {
      tally.experts(5120, 8192, 128, 1);
      tally.gated_mlp(5120, 8192);
    } else {
      tally.gated_mlp(5120, 16384);
    }
  }
  tally.vector(5120);
  tally.linear(5120, 202048);
  expect_equal("llama4-maverick", tally);
}

TEST(Tensors, Mistral) {
  Tally tally(sequence);
  tally.vector(std::int64_t{32000} * 4096);
  for (int layer = 0; layer < 32; ++layer) {
    tally.vector(4096);
    attend_in_groups(tally, 4096, 32, 8, 128, 4096);
    tally.vector(4096);
    tally.gated_mlp(4096, 14336);
  }
  tally.vector(4096);
  tally.linear(4096, 32000);
  expect_equal("mistral-7b", tally);
}

TEST(Tensors, Mixtral) {
  Tally tally(sequence);
  tally.vector(std::int64_t{32000} * 4096);
  for (int layer = 0; layer < 32; ++layer) {
    tally.vector(4096);
    attend_in_groups(tally, 4096, 32, 8, 128);
    tally.vector(4096);
    tally.experts(4096, 14336, 8, 2);
  }
  tally.vector(4096);
  tally.linear(4096, 32000);
  expect_equal("mixtral-8x7b", tally);
}

TEST(Tensors, Qwen2) {
  Tally tally(sequence);
  tally.vector(std::int64_t{152064} * 8192);
  for (int layer = 0; layer < 80; ++layer) {
    tally.vector(8192);
    attend_in_groups(tally, 8192, 64, 8, 128);
    tally.vector(8192 + 1024 + 1024);  // biases of queries, keys and values
    tally.vector(8192);
    tally.gated_mlp(8192, 29568);
  }
  tally.vector(8192);
  tally.linear(8192, 152064);
  expect_equal("qwen2.5-72b", tally);
}

TEST(Tensors, Qwen3Experts) {
  Tally tally(sequence);
  tally.vector(std::int64_t{151936} * 4096);
  for (int layer = 0; layer < 94; ++layer) {
    tally.vector(4096);
    attend_in_groups(tally, 4096, 64, 4, 128);
    tally.vector(128);  // norm of queries
    tally.vector(128);  // norm of keys
    tally.vector(4096);
    tally.experts(4096, 1536, 128, 8);
  }
  tally.vector(4096);
  tally.linear(4096, 151936);
  expect_equal("qwen3-235b-a22b", tally);
}

/// arXiv:2405.04434, figure 3: 128 heads of 128 and 64 of position, ranks 1536 and 512.
void attend_latently(Tally& tally, std::int64_t hidden) {
  tally.linear(hidden, 1536);
  tally.vector(1536);
  tally.linear(1536, std::int64_t{128} * 128);
  tally.linear(1536, 128 * 64);
  tally.linear(hidden, 512);
  tally.vector(512);
  tally.linear(hidden, 64);
  tally.linear(512, std::int64_t{128} * 128);  // keys
  tally.linear(512, std::int64_t{128} * 128);  // values
  tally.linear(std::int64_t{128} * 128, hidden);
  tally.attend(128, 128 + 64, 128);
}

TEST(Tensors, DeepSeekV2) {
  Tally tally(sequence);
  tally.vector(std::int64_t{102400} * 5120);
  for (int layer = 0; layer < 60; ++layer) {
    tally.vector(5120);
    attend_latently(tally, 5120);
    tally.vector(5120);
    if (layer == 0) {
      tally.gated_mlp(5120, 12288);
      continue;
    }
    tally.experts(5120, 1536, 160, 6);
    for (int shared = 0; shared < 2; ++shared) tally.gated_mlp(5120, 1536);
  }
  tally.vector(5120);
  tally.linear(5120, 102400);
  expect_equal("deepseek-v2", tally);
}

TEST(Tensors, DeepSeekV3) {
  Tally tally(sequence);
  tally.vector(std::int64_t{129280} * 7168);
  for (int layer = 0; layer < 61; ++layer) {
    tally.vector(7168);
    attend_latently(tally, 7168);
    tally.vector(7168);
    if (layer < 3) {
      tally.gated_mlp(7168, 18432);
      continue;
    }
    tally.experts(7168, 2048, 256, 8);
    tally.vector(256);  // biases that balance the load
    tally.gated_mlp(7168, 2048);
  }
  tally.vector(7168);
  tally.linear(7168, 129280);
  expect_equal("deepseek-v3", tally);
}

TEST(Tensors, Gemma) {
  Tally tally(sequence);
  tally.vector(std::int64_t{256000} * 3072);
  for (int layer = 0; layer < 28; ++layer) {
    tally.vector(3072);
    attend_in_groups(tally, 3072, 16, 16, 256);
    tally.vector(3072);
    tally.gated_mlp(3072, 24576);
  }
  tally.vector(3072);
  tally.reuse(3072, 256000);
  expect_equal("gemma-7b", tally);
}

TEST(Tensors, Gemma2) {
  Tally tally(sequence);
  tally.vector(std::int64_t{256000} * 4608);
  for (int layer = 0; layer < 46; ++layer) {
    for (int norm = 0; norm < 4; ++norm) tally.vector(4608);
    attend_in_groups(tally, 4608, 32, 16, 128, layer % 2 == 0 ? 4096 : 0);
    tally.gated_mlp(4608, 36864);
  }
  tally.vector(4608);
  tally.reuse(4608, 256000);
  expect_equal("gemma2-27b", tally);
}

TEST(Tensors, Gemma3) {
  Tally tally(sequence);
  tally.vector(std::int64_t{262208} * 5376);
  for (int layer = 1; layer <= 62; ++layer) {
    for (int norm = 0; norm < 4; ++norm) tally.vector(5376);
    attend_in_groups(tally, 5376, 32, 16, 128, layer % 6 == 0 ? 0 : 1024);
    tally.vector(128 + 128);  // norms of queries and keys
    tally.gated_mlp(5376, 21504);
  }
  tally.vector(5376);
  tally.reuse(5376, 262208);
  expect_equal("gemma3-27b", tally);
}

}  // namespace
