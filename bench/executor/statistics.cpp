#include "bench/executor/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
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

namespace {

template <class Value, class Statistic>
Interval bootstrap(const std::vector<Value>& values, const Statistic& statistic) {
  constexpr int draws = 1000;
  if (values.empty()) return {std::nan(""), std::nan("")};
  std::mt19937 generator(1);
  std::uniform_int_distribution<std::size_t> any(0, values.size() - 1);
  std::vector<double> results;
  std::vector<Value> drawn(values.size());
  for (int d = 0; d < draws; ++d) {
    for (Value& value : drawn) value = values[any(generator)];
    results.push_back(statistic(drawn));
  }
  return {quantile(results, 0.025), quantile(results, 0.975)};
}

}  // namespace

Interval median_interval(const std::vector<double>& values) {
  return bootstrap(values, [](const std::vector<double>& drawn) { return median(drawn); });
}

double rate(const std::vector<Work>& work) {
  Work all;
  for (const Work& w : work) all = {all.amount + w.amount, all.seconds + w.seconds};
  return all.amount / all.seconds;
}

Interval rate_interval(const std::vector<Work>& work) {
  return bootstrap(work, rate);
}

std::vector<double> ratios(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> all;
  for (std::size_t i = 0; i < above.size(); ++i) all.push_back(above[i] / below[i]);
  return all;
}

}  // namespace bench
