#include "bench/executor/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <random>
#include <utility>

namespace bench {

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return std::nan("");
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values.size() - 1);
  return std::lerp(values[low], values[high], at - static_cast<double>(low));
}

double median(std::vector<double> values) {
  return quantile(std::move(values), 0.5);
}

double mean(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

namespace {

template <class Statistic>
Interval bootstrap(const std::vector<double>& values, const Statistic& statistic) {
  constexpr int draws = 1000;
  if (values.empty()) return {std::nan(""), std::nan("")};
  std::mt19937 generator(1);
  std::uniform_int_distribution<std::size_t> any(0, values.size() - 1);
  std::vector<double> results;
  std::vector<double> drawn(values.size());
  for (int d = 0; d < draws; ++d) {
    for (double& value : drawn) value = values[any(generator)];
    results.push_back(statistic(drawn));
  }
  return {quantile(results, 0.025), quantile(results, 0.975)};
}

}  // namespace

Interval median_interval(const std::vector<double>& values) {
  return bootstrap(values, [](const std::vector<double>& drawn) { return median(drawn); });
}

Interval mean_interval(const std::vector<double>& values) {
  return bootstrap(values, mean);
}

std::vector<double> ratios(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> all;
  for (std::size_t i = 0; i < above.size(); ++i) all.push_back(above[i] / below[i]);
  return all;
}

}  // namespace bench
