// Tables of published measurements, and how far the model is from them.
#include "bench/validation/published.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "bench/validation/published_chip.hpp"
#include "bench/validation/published_job.hpp"
#include "bench/validation/published_step.hpp"
#include "bench/validation/ranking.hpp"
#include "bench/validation/report.hpp"
#include "tests/topology/scratch.hpp"

namespace {

using bench::Comparison;
using bench::read_published;
using fixtures::expect_mentions;
using fixtures::refusal;
using fixtures::Scratch;
using topology::Seconds;

TEST(Published, QuotesAndEmptyCells) {
  const Scratch scratch;
  const auto rows = read_published(scratch.write(
      "t.csv", "id,text,x\na,\"one, \"\"two\"\"\",1.5e3\nb,,\nc,\"two\nlines\",-2\n"));
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].text("text"), "one, \"two\"");
  EXPECT_EQ(rows[0].number("x"), 1500);
  EXPECT_EQ(rows[0].count("x"), 1500);
  EXPECT_EQ(rows[1].text("text"), "");
  EXPECT_FALSE(rows[1].number("x").has_value());
  EXPECT_EQ(rows[1].number_or("x", 7), 7);
  EXPECT_EQ(rows[1].count_or("x", 8), 8);
  EXPECT_EQ(rows[2].text("text"), "two\nlines");
  EXPECT_TRUE(rows[0].has("x"));
  EXPECT_FALSE(rows[0].has("y"));
}

TEST(Published, SaysWhereATableIsWrong) {
  const Scratch scratch;
  const std::string longer = scratch.write("longer.csv", "id,x\na,1\nb,2,3\n");
  expect_mentions(refusal([&] { (void)read_published(longer); }), "longer.csv:3: expected 2 cells");
  const std::string open = scratch.write("open.csv", "id,x\na,\"1\n");
  expect_mentions(refusal([&] { (void)read_published(open); }), "open.csv:");
  const std::string empty = scratch.write("empty.csv", "");
  expect_mentions(refusal([&] { (void)read_published(empty); }), "is empty");
  expect_mentions(refusal([] { (void)read_published("/nowhere.csv"); }), "/nowhere.csv");
  const auto rows = read_published(scratch.write("cells.csv", "id,x,y\na,many,1.5\nb,,\n"));
  const auto number = [&] { (void)rows[0].number("x"); };
  expect_mentions(refusal(number), "cells.csv:2: x is \"many\", expected a number");
  expect_mentions(refusal([&] { (void)rows[0].count("y"); }), "cells.csv:2: y is \"1.5\"");
  expect_mentions(refusal([&] { (void)rows[1].count("y"); }), "cells.csv:3");
  expect_mentions(refusal([&] { (void)rows[1].text("z"); }),
                  "cells.csv:3: the table has no column");
}

TEST(Published, ChipsHaveFiles) {
  EXPECT_EQ(bench::published_chip("H100-80"), "h100");
  EXPECT_EQ(bench::published_chip("TPU7x-core"), "tpu-v7-core");
  EXPECT_EQ(bench::published_chip("abacus"), "");
  EXPECT_EQ(bench::published_chip(""), "");
}

Comparison comparison(const char* id, double measured, double predicted) {
  Comparison c;
  c.id = id;
  c.set = "s";
  c.quality = "A";
  c.measured = Seconds(measured);
  c.predicted = Seconds(predicted);
  return c;
}

/// Errors of 0, -10, +20, -30 and +100 %, and a row without a prediction.
std::vector<Comparison> six() {
  std::vector<Comparison> all = {comparison("a", 1, 1),
                                 comparison("b", 2, 1.8),
                                 comparison("c", 10, 12),
                                 comparison("d", 10, 7),
                                 comparison("e", 1, 2),
                                 comparison("f", 1, 1)};
  all.back().predicted.reset();
  all.back().quality = "C";
  return all;
}

TEST(Report, StatisticsOfAbsoluteErrors) {
  const std::vector<Comparison> all = six();
  const bench::ErrorSummary s =
      bench::summary({all.data(), &all[1], &all[2], &all[3], &all[4], &all[5]});
  EXPECT_EQ(s.rows, 6U);
  EXPECT_EQ(s.compared, 5U);
  EXPECT_EQ(s.qualities.at("A"), 5U);
  EXPECT_EQ(s.qualities.at("C"), 1U);
  EXPECT_NEAR(s.median, 0.2, 1e-15);
  EXPECT_NEAR(s.mean, 0.32, 1e-15);
  EXPECT_NEAR(s.p90, 0.3 + 0.6 * 0.7, 1e-15);  // between the 4th and the 5th
  ASSERT_NE(s.worst, nullptr);
  EXPECT_EQ(s.worst->id, "e");
}

TEST(Report, NothingComparedIsNotZeroError) {
  std::vector<Comparison> all = six();
  const bench::ErrorSummary s = bench::summary({&all.back()});
  EXPECT_EQ(s.compared, 0U);
  EXPECT_TRUE(std::isnan(s.median));
  EXPECT_TRUE(std::isnan(s.p90));
  EXPECT_EQ(s.worst, nullptr);
}

TEST(Report, JsonHasNullForWhatThereIsNot) {
  const std::string text = bench::json(six());
  expect_mentions(text, R"("id": "b")");
  expect_mentions(text, R"("predicted": null)");
  expect_mentions(text, R"("error": null)");
  Comparison blind = comparison("g", std::nan(""), 1);
  expect_mentions(bench::json({blind}), R"("measured": null)");
  expect_mentions(bench::json({comparison("h", 0, 1)}), R"("error": null)");
}

/// A step of `tokens` in the given times, of a group.
Comparison plan_of(
    const char* id, const char* group, double tokens, double measured, double model) {
  Comparison c = comparison(id, measured, model);
  c.group = group;
  c.work = tokens;
  return c;
}

// By hand: measured speeds 100, 50, 52 of group x, so a > b and a > c count and b, c lie within
// 10 %; predicted 80, 100, 40: a > b is wrong, a > c right; the two that differ most are a, b. Of
// group y, 10 (20 tokens in 2 s) over 5, both ways right. Others have no pair.
TEST(Ranking, PairsMoreThanTenPercentApart) {
  std::vector<Comparison> all = {plan_of("a", "x", 100, 1, 1.25),
                                 plan_of("b", "x", 100, 2, 1),
                                 plan_of("c", "x", 52, 1, 1.3),
                                 plan_of("d", "y", 20, 2, 3),
                                 plan_of("e", "y", 5, 1, 2),
                                 plan_of("f", "z", 5, 1, 1),
                                 plan_of("g", "y", 100, 1, 9),
                                 plan_of("h", "y", 100, 0, 1),
                                 plan_of("i", "", 100, 1, 1),
                                 plan_of("j", "", 1, 1, 2)};
  all[6].quality = "C";
  const bench::Ranking ranking = bench::rank(all);
  EXPECT_EQ(ranking.pairs, 3U);
  EXPECT_EQ(ranking.right, 2U);
  ASSERT_EQ(ranking.extremes.size(), 2U);
  EXPECT_EQ(ranking.extremes[0].faster->id, "a");
  EXPECT_EQ(ranking.extremes[0].slower->id, "b");
  EXPECT_NEAR(ranking.extremes[0].measured, 2, 1e-12);
  EXPECT_NEAR(ranking.extremes[0].predicted, 0.8, 1e-12);
  EXPECT_FALSE(ranking.extremes[0].right());
  EXPECT_EQ(ranking.extremes[1].faster->id, "d");
  EXPECT_TRUE(ranking.extremes[1].right());
  EXPECT_EQ(ranking.extremes_right(), 1U);
  expect_mentions(bench::json(ranking), R"("faster": "a")");
  expect_mentions(bench::json(ranking), R"("pairs": 3)");
}

TEST(Ranking, NothingToRank) {
  const bench::Ranking ranking = bench::rank(six());
  EXPECT_EQ(ranking.pairs, 0U);
  EXPECT_TRUE(ranking.extremes.empty());
}

/// A dense model on 64 chips; `cells` as {column, text} instead of what stands here.
bench::PublishedRow training_row(const std::map<std::string, std::string>& cells) {
  std::map<std::string, std::string> row = {{"model", "m"},
                                            {"layers", "8"},
                                            {"hidden", "1024"},
                                            {"heads", "16"},
                                            {"kv_heads", "16"},
                                            {"head_dim", "64"},
                                            {"ffn", "4096"},
                                            {"glu", "0"},
                                            {"vocab", "32000"},
                                            {"seq", "2048"},
                                            {"experts", ""},
                                            {"topk", ""},
                                            {"moe_ffn", ""},
                                            {"attn", "causal"},
                                            {"chip", "A100-80"},
                                            {"chips", "64"},
                                            {"node_size", "8"},
                                            {"net_Gbps_per_chip", "200"},
                                            {"TP", "2"},
                                            {"PP", "1"},
                                            {"DP", "32"},
                                            {"CP", "1"},
                                            {"EP", "1"},
                                            {"VPP", "1"},
                                            {"dp_shard", "none"},
                                            {"mbs", "1"},
                                            {"gbs", "64"},
                                            {"SP", "n"},
                                            {"recompute", "none"},
                                            {"attn_kernel", "flash"},
                                            {"dtype", "bf16"},
                                            {"step_s", "1"},
                                            {"tflops_chip", ""},
                                            {"mfu_pct", ""},
                                            {"peak_tflops", "312"},
                                            {"flops_convention", ""},
                                            {"software", "Megatron-LM"},
                                            {"note", ""}};
  for (const auto& [column, text] : cells) row[column] = text;
  auto columns = std::make_shared<bench::PublishedRow::Columns>();
  std::vector<std::string> texts;
  for (const auto& [column, text] : row) {
    (*columns)[column] = texts.size();
    texts.push_back(text);
  }
  return {columns, texts, "here"};
}

TEST(PublishedJob, WhatTheDataRanksShare) {
  using kernels::Sharding;
  const auto plan = [](const char* text) {
    return bench::published_job(training_row({{"dp_shard", text}})).plan;
  };
  EXPECT_EQ(plan("zero2").sharding, Sharding::gradients);
  EXPECT_EQ(plan("fsdp shard_grad_op (zero2)").sharding, Sharding::gradients);
  EXPECT_EQ(plan("fsdp (weights not resharded between fwd/bwd)").sharding, Sharding::gradients);
  EXPECT_EQ(plan("dist-opt (zero1)").sharding, Sharding::optimizer);
  EXPECT_EQ(plan("zero1 within 4 GPUs, replicated across").shard, 4);
  EXPECT_EQ(plan("fsdp16 x dp2 over DCN").sharding, Sharding::parameters);
  EXPECT_EQ(plan("fsdp16 x dp2 over DCN").shard, 16);
  EXPECT_EQ(plan("fsdp32").shard, 0);  // all of them
  EXPECT_EQ(plan("hsdp (fsdp in node, dp across)").shard, 8);
  expect_mentions(refusal([&] { (void)plan("by hand"); }), "by hand");
}

TEST(PublishedJob, SequencesOfACore) {
  const auto plan = [](const char* micro, const char* context) {
    return bench::published_job(training_row({{"chip", "TPU7x"},
                                              {"node_size", "64"},
                                              {"software", "MaxText"},
                                              {"TP", "1"},
                                              {"gbs", "1024"},
                                              {"mbs", micro},
                                              {"CP", context}}))
        .plan;
  };
  EXPECT_EQ(plan("4", "1").micro_batch, 8);  // two cores a chip
  EXPECT_EQ(plan("0.125", "8").micro_batch, 1);
  EXPECT_EQ(plan("0.125", "8").context, 4);
}

TEST(PublishedJob, TimeFromARate) {
  const auto time = [](const std::map<std::string, std::string>& cells) {
    const bench::PublishedRow row = training_row(cells);
    return bench::time_of_rate(row, bench::published_job(row)).value();
  };
  // 6 P + 12 l h s per token without the causal half (PaLM, arXiv:2204.02311, appendix B).
  const double flops = 64 * 2048 * 6.0 * (8 * 12.0 * 1024 * 1024 + 32000 * 1024.0);
  const double scores = 64 * 2048 * 12.0 * 8 * 1024 * 2048;
  EXPECT_NEAR(time({{"tflops_chip", "100"}}), (flops + scores / 2) / 64e14, 1e-9);
  EXPECT_NEAR(time({{"tflops_chip", "100"}, {"flops_convention", "model, non-causal"}}),
              (flops + scores) / 64e14,
              1e-9);
  EXPECT_NEAR(time({{"mfu_pct", "50"}}), (flops + scores / 2) / 64 / 156e12, 1e-9);
  EXPECT_EQ(time({}), 0);
}

// No optimizer, no embedding: as long as its share of a deeper model's passes.
TEST(PublishedJob, ALayerAlone) {
  const auto step = [](const char* model) {
    return bench::published_step(bench::published_job(training_row(
        {{"model", model}, {"layers", "1"}, {"chips", "8"}, {"TP", "8"}, {"gbs", "1"}})));
  };
  const bench::Step alone = step("m-ONE-LAYER");
  const bench::Step all = step("m");
  EXPECT_EQ(alone.spending[bench::Spent::optimizer].value(), 0);
  EXPECT_GT(alone.spending[bench::Spent::matmul].value(), 0);
  EXPECT_LT(alone.spending[bench::Spent::matmul].value(),
            all.spending[bench::Spent::matmul].value());
  EXPECT_NEAR(alone.spending.total().value(), alone.time.value(), 1e-15);
}

}  // namespace
