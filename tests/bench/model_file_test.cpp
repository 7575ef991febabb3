// Model files are found by name, by path and by folder.
#include "bench/program/model_file.hpp"

#include <gtest/gtest.h>

#include "tests/topology/scratch.hpp"

namespace {

using fixtures::expect_mentions;
using fixtures::refusal;

constexpr const char* tiny = R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 4,
    "num_attention_heads": 8, "intermediate_size": 128, "vocab_size": 100})";

TEST(ModelFile, ByNameByPathAndByFolder) {
  const fixtures::Scratch scratch;
  const std::string path = scratch.write("tiny.json", tiny);
  EXPECT_EQ(bench::load_model(path).name, "tiny");
  const std::string snapshot = scratch.write("config.json", tiny);
  const std::string folder = snapshot.substr(0, snapshot.rfind('/'));
  EXPECT_EQ(bench::load_model(folder).name, folder.substr(folder.rfind('/') + 1));
  EXPECT_EQ(bench::load_model(snapshot).hidden, 64);
  EXPECT_EQ(bench::load_model("gpt2").name, "gpt2");
  expect_mentions(refusal([] { (void)bench::load_model("lama3-8b"); }),
                  "did you mean 'llama3-8b'?");
  expect_mentions(refusal([] { (void)bench::load_model("nowhere.json"); }), "nowhere.json");
}

TEST(ModelFile, EveryShippedModelIsRead) {
  const auto names = bench::model_names();
  EXPECT_GE(names.size(), 30U);
  for (const std::string& name : names) EXPECT_GT(bench::load_model(name).depth(), 0) << name;
}

}  // namespace
