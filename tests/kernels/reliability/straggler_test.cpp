// Expected maxima against sums, tables and closed forms.
#include "kernels/reliability/straggler.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace {

TEST(Straggler, OfExponentialDelaysIsAHarmonicNumber) {
  double sum = 0;
  for (std::int64_t n = 1; n <= 524288; ++n) {
    sum += 1 / static_cast<double>(n);
    if (n < 100 || n == 524288) {
      EXPECT_NEAR(kernels::exponential_maximum(n), sum, 1e-9) << n;
    }
  }
  EXPECT_NEAR(kernels::exponential_maximum(524288), 13.8, 0.06);
}

/// Of standard normal numbers: 0, 1/sqrt(pi), 3/(2 sqrt(pi)), and 1.53875 of ten (Harter 1961).
TEST(Straggler, OfNormalDelays) {
  const double mean = 50;  // far from 0, where delays are cut off
  const auto above = [mean](std::int64_t n) { return kernels::normal_maximum(mean, 1, n) - mean; };
  EXPECT_NEAR(above(1), 0, 1e-9);
  EXPECT_NEAR(above(2), 0.5641895835, 1e-9);
  EXPECT_NEAR(above(3), 0.8462843753, 1e-9);
  EXPECT_NEAR(above(10), 1.5387527308, 1e-9);
  EXPECT_NEAR(above(8192), 3.80, 0.005);
  EXPECT_NEAR(above(524288), 4.73, 0.005);
  EXPECT_NEAR(kernels::normal_maximum(0, 1, 1), 0.3989422804, 1e-9);  // of max(0, X)
  EXPECT_EQ(kernels::normal_maximum(3, 0, 7), 3);
}

/// Uniform on 0 to 1: n / (n + 1); of u^2, the mean of a maximum's square: n / (n + 2).
TEST(Straggler, OfQuantiles) {
  const std::vector<float> uniform{0, 0.25F, 0.5F, 0.75F, 1};
  std::vector<float> square;
  for (int i = 0; i <= 4096; ++i) square.push_back(static_cast<float>(i * i) / (4096.0F * 4096.0F));
  for (const std::int64_t n : {1, 2, 10, 4096}) {
    const auto x = static_cast<double>(n);
    EXPECT_NEAR(kernels::quantile_maximum(uniform, n), x / (x + 1), 1e-12);
    EXPECT_NEAR(kernels::quantile_maximum(square, n), x / (x + 2), 1e-6);
  }
}

}  // namespace
