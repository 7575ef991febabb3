#include "kernels/reliability/straggler.hpp"

#include <algorithm>
#include <cmath>

namespace kernels {

double exponential_maximum(std::int64_t n) {
  constexpr std::int64_t few = 64;
  if (n <= few) {
    double sum = 0;
    for (std::int64_t k = 1; k <= n; ++k) sum += 1 / static_cast<double>(k);
    return sum;
  }
  constexpr double euler = 0.57721566490153286;  // H_n = ln n + euler + 1/2n - 1/12n^2 + O(n^-4)
  const auto x = static_cast<double>(n);
  return std::log(x) + euler + 1 / (2 * x) - 1 / (12 * x * x);
}

double normal_maximum(double mean, double sigma, std::int64_t n) {
  if (sigma == 0) return mean;
  const auto above = [=](double x) {  // P(maximum > x)
    const double tail = std::erfc((x - mean) / (sigma * std::sqrt(2.0))) / 2;
    return -std::expm1(static_cast<double>(n) * std::log1p(-tail));
  };
  constexpr double reach = 10;  // deviations; beyond them 1 - P is below 1e-23
  constexpr int strips = 4000;  // Simpson's rule
  const double low = std::max(0.0, mean - reach * sigma);
  const double width = (std::max(low, mean + reach * sigma) - low) / strips;
  double sum = above(low) + above(low + strips * width);
  for (int i = 1; i < strips; ++i) sum += (i % 2 == 1 ? 4 : 2) * above(low + i * width);
  return low + sum * width / 3;
}

double quantile_maximum(std::span<const float> quantiles, std::int64_t n) {
  const auto power = static_cast<double>(n);
  const auto bins = static_cast<double>(quantiles.size() - 1);
  double sum = quantiles.back();  // by parts: q(1) - the integral of u^n dq
  for (std::size_t i = 0; i + 1 < quantiles.size(); ++i) {
    const double low = static_cast<double>(i) / bins;
    const double high = static_cast<double>(i + 1) / bins;
    const double slope = (static_cast<double>(quantiles[i + 1]) - quantiles[i]) * bins;
    sum -= slope * (std::pow(high, power + 1) - std::pow(low, power + 1)) / (power + 1);
  }
  return sum;
}

}  // namespace kernels
