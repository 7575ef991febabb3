// Quantiles and intervals against what is known of them.
#include "bench/executor/statistics.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "bench/executor/health.hpp"

namespace {

TEST(Statistics, QuantilesLieOnStraightLines) {
  const std::vector<double> values{4, 1, 3, 2};
  EXPECT_EQ(bench::quantile(values, 0), 1);
  EXPECT_EQ(bench::quantile(values, 1), 4);
  EXPECT_EQ(bench::median(values), 2.5);
  EXPECT_DOUBLE_EQ(bench::quantile(values, 0.9), 3.7);
  EXPECT_TRUE(std::isnan(bench::median({})));
}

/// Of 400 samples with the median 1, about 95 % of the intervals hold it.
TEST(Statistics, IntervalsHoldTheMedianAsOftenAsTheySay) {
  std::mt19937 generator(3);
  std::lognormal_distribution<double> any(0, 0.3);
  int held = 0;
  constexpr int times = 400;
  for (int t = 0; t < times; ++t) {
    std::vector<double> sample;
    for (int i = 0; i < 25; ++i) sample.push_back(any(generator));
    held += bench::median_interval(sample).holds(1) ? 1 : 0;
  }
  EXPECT_GT(held, 0.91 * times);
  EXPECT_LT(held, 0.99 * times);
}

/// Of equal times the mean of 400 normal amounts, known to a twentieth of their deviation.
TEST(Statistics, IntervalsOfFewValuesHoldTheMeanAsOftenAsTheySay) {
  std::mt19937 generator(5);
  std::normal_distribution<double> law(3, 2);
  for (const std::size_t count : {3U, 5U, 12U}) {
    constexpr int tries = 4000;
    int held = 0;
    for (int t = 0; t < tries; ++t) {
      std::vector<double> values(count);
      for (double& value : values) value = law(generator);
      held += bench::mean_interval(values).holds(3) ? 1 : 0;
    }
    EXPECT_NEAR(held, 0.95 * tries, 0.015 * tries) << count;
  }
  // Student's t of 4 degrees, by its table: 2.776.
  const bench::Interval interval = bench::mean_interval({1, 2, 3, 4, 5});
  EXPECT_NEAR((interval.high - 3) / std::sqrt(2.5 / 5), 2.776, 0.01);
}

TEST(Statistics, IntervalsOfRatiosHoldTheRatioOfTheMedians) {
  std::mt19937 generator(6);
  std::lognormal_distribution<double> law(0, 0.2);
  constexpr int tries = 200;
  int held = 0;
  for (int t = 0; t < tries; ++t) {
    std::vector<double> above(25);
    std::vector<double> below(25);
    for (double& value : above) value = 1.5 * law(generator);
    for (double& value : below) value = law(generator);
    held += bench::median_ratio_interval(above, below).holds(1.5) ? 1 : 0;
  }
  EXPECT_GE(held, 0.9 * tries);
  EXPECT_LE(held, tries - 1);
}

TEST(Statistics, IntervalsOfRatesShrinkWithTheRootOfTheirNumber) {
  std::mt19937 generator(5);
  std::normal_distribution<double> any(10, 2);
  std::vector<bench::Work> work;
  for (int i = 0; i < 400; ++i) work.push_back({any(generator), 0.5});
  const bench::Interval interval = bench::rate_interval(work);
  EXPECT_TRUE(interval.holds(bench::rate(work)));
  EXPECT_NEAR(interval.high - interval.low, 2 * (2 * 1.96 * 2 / 20.0), 0.16);
}

/// Blocks of 4 of 64 that alternate are all alike. Of two halves nearly every block is of one kind,
/// so as few as 16 values are drawn: twice the interval of 64 that know nothing of each other.
TEST(Statistics, IntervalsOfRatesKnowNeighbours) {
  std::vector<bench::Work> alternating;
  std::vector<bench::Work> halves;
  for (int i = 0; i < 64; ++i) {
    alternating.push_back({i % 2 == 0 ? 10.0 : 1.0, 1});
    halves.push_back({i < 32 ? 10.0 : 1.0, 1});
  }
  const bench::Interval sure = bench::rate_interval(alternating);
  EXPECT_DOUBLE_EQ(sure.low, 5.5);
  EXPECT_DOUBLE_EQ(sure.high, 5.5);
  const bench::Interval unsure = bench::rate_interval(halves);
  EXPECT_NEAR(unsure.high - unsure.low, 2 * (2 * 1.96 * 4.5 / 8), 0.5);
}

TEST(Statistics, APauseCountsForAsLongAsItWas) {
  EXPECT_DOUBLE_EQ(bench::rate({{1, 0.1}, {1, 0.1}, {1, 0.8}}), 3);
}

/// Of two the faster one is the usual; of more, what half of them reach.
TEST(Health, NamesWhoIsSlowForSure) {
  const std::vector<bench::Work> usual{{10, 1}, {10.1, 1}, {9.9, 1}, {10, 1}, {10, 1}};
  const std::vector<bench::Work> half{{5, 1}, {5.1, 1}, {4.9, 1}, {5, 1}, {5, 1}};
  const std::vector<bench::Work> unsure{{10, 1}, {1, 1}, {10, 1}, {1, 1}, {10, 1}};
  const auto two = bench::compare_rates({half, usual}, 0.65);
  EXPECT_TRUE(two[0].slow);
  EXPECT_FALSE(two[1].slow);
  EXPECT_NEAR(two[0].share, 0.5, 1e-12);
  const auto four = bench::compare_rates({usual, usual, unsure, half}, 0.65);
  EXPECT_FALSE(four[0].slow);
  EXPECT_FALSE(four[1].slow);
  EXPECT_FALSE(four[2].slow) << "its rate is 64 %, but that is not sure";
  EXPECT_TRUE(four[3].slow);
  for (const bench::Fitness& fitness : bench::compare_rates({half, half, half}, 0.65))
    EXPECT_FALSE(fitness.slow) << "all are alike";
}

TEST(Statistics, RatiosArePaired) {
  EXPECT_EQ(bench::ratios({2, 9}, {1, 3}), (std::vector<double>{2, 3}));
}

}  // namespace
