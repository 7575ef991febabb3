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

namespace {

constexpr int draws = 1000;

/// The statistic of as many values drawn with replacement, again and again: blocks of neighbours,
/// the first after the last (circular block bootstrap, Politis and Romano 1992).
template <class Value, class Statistic>
std::vector<double> drawn(const std::vector<Value>& values,
                          const Statistic& statistic,
                          unsigned seed,
                          std::size_t block = 1) {
  std::mt19937 generator(seed);
  std::uniform_int_distribution<std::size_t> any(0, values.size() - 1);
  std::vector<double> results;
  std::vector<Value> some(values.size());
  for (int d = 0; d < draws; ++d) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < some.size(); ++i) {
      at = i % block == 0 ? any(generator) : (at + 1) % values.size();
      some[i] = values[at];
    }
    results.push_back(statistic(some));
  }
  return results;
}

template <class Value, class Statistic>
Interval bootstrap(const std::vector<Value>& values,
                   const Statistic& statistic,
                   std::size_t block = 1) {
  if (values.empty()) return {std::nan(""), std::nan("")};
  const std::vector<double> results = drawn(values, statistic, 1, block);
  return {quantile(results, 0.025), quantile(results, 0.975)};
}

std::vector<double> drawn_medians(const std::vector<double>& values, unsigned seed) {
  if (values.empty()) return {std::nan("")};
  return drawn(
      values, [](const std::vector<double>& some) { return median(some); }, seed);
}

}  // namespace

Interval median_interval(const std::vector<double>& values) {
  return bootstrap(values, [](const std::vector<double>& drawn) { return median(drawn); });
}

namespace {

/// Quantile 0.975 of Student's t: Abramowitz & Stegun 26.7.5; within 3 % from 2 degrees on, where
/// it is short.
double students_t(double freedom) {
  constexpr double z = 1.959964;
  constexpr double z3 = z * z * z;
  constexpr double z5 = z3 * z * z;
  constexpr double z7 = z5 * z * z;
  return z + (z3 + z) / (4 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96 * std::pow(freedom, 2)) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * std::pow(freedom, 3));
}

}  // namespace

Interval mean_interval(const std::vector<double>& values) {
  if (values.size() < 2) return {std::nan(""), std::nan("")};
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double half = students_t(count - 1) * std::sqrt(squares / (count - 1) / count);
  return {mean - half, mean + half};
}

Interval median_ratio_interval(const std::vector<double>& above, const std::vector<double>& below) {
  // The one's draws against the other's: independent, as the orders of both are random.
  const std::vector<double> high = drawn_medians(above, 1);
  const std::vector<double> low = drawn_medians(below, 2);
  const std::vector<double> all = ratios(high, low);
  return {quantile(all, 0.025), quantile(all, 0.975)};
}

double rate(const std::vector<Work>& work) {
  Work all;
  for (const Work& w : work) all = {all.amount + w.amount, all.seconds + w.seconds};
  return all.amount / all.seconds;
}

Interval rate_interval(const std::vector<Work>& work) {
  const auto block = static_cast<std::size_t>(std::lround(std::cbrt(work.size())));
  return bootstrap(work, rate, block);
}

std::vector<double> ratios(const std::vector<double>& above, const std::vector<double>& below) {
  std::vector<double> all;
  for (std::size_t i = 0; i < above.size(); ++i) all.push_back(above[i] / below[i]);
  return all;
}

}  // namespace bench
