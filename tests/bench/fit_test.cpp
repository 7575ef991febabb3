// The line fit finds the line it was given.
#include "bench/executor/fit.hpp"

#include <gtest/gtest.h>

namespace {

TEST(FitLine, RecoversLatencyAndBandwidth) {
  std::vector<bench::FitPoint> points;
  for (double bytes = 8; bytes < 1e8; bytes *= 4) points.push_back({bytes, 2e-6 + bytes / 10e9});
  const auto [latency, per_byte] = bench::fit_line(points);
  EXPECT_NEAR(latency, 2e-6, 1e-12);
  EXPECT_NEAR(per_byte, 1e-10, 1e-16);
}

TEST(FitLine, SmallSizesCountAsMuchAsLargeOnes) {
  // A jump of 50 % at one end moves both parameters by less than that.
  std::vector<bench::FitPoint> points{{8, 3e-6}, {64, 2e-6}, {1e6, 1e-4}, {1e7, 1e-3}};
  const auto [latency, per_byte] = bench::fit_line(points);
  EXPECT_NEAR(latency, 2.4e-6, 0.4e-6);
  EXPECT_NEAR(per_byte, 1e-10, 0.1e-10);
}

}  // namespace
