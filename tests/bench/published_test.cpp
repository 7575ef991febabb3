// Tables of published measurements, and how far the model is from them.
#include "bench/validation/published.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "bench/validation/published_chip.hpp"
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

}  // namespace
