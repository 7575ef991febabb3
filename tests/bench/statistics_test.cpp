// Quantiles and intervals against what is known of them.
#include "bench/executor/statistics.hpp"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

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

TEST(Statistics, RatiosArePaired) {
  EXPECT_EQ(bench::ratios({2, 9}, {1, 3}), (std::vector<double>{2, 3}));
}

}  // namespace
