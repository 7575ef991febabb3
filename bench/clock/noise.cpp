#include "bench/clock/noise.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <functional>

#include <fmt/format.h>

#include "kernels/splitmix.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using topology::Seconds;

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(':', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

double duration(const std::string& text) {
  const auto time = topology::parse<Seconds>(text);
  if (time.value() < 0) topology::usage_error(fmt::format("noise '{}' must not be negative", text));
  return time.value() / seconds_per_tick;
}

/// Quantiles of a distribution by its inverse; the outermost straight lines are given the mean of
/// what lies beyond them, since the inverse ends at infinity there.
std::vector<float> table(const std::function<double(double)>& inverse, double low, double high) {
  std::vector<float> quantiles(Noise::bins + 1);
  for (std::size_t i = 1; i < Noise::bins; ++i)
    quantiles[i] =
        static_cast<float>(inverse(static_cast<double>(i) / static_cast<double>(Noise::bins)));
  quantiles.front() = static_cast<float>(2 * low) - quantiles[1];
  quantiles.back() = static_cast<float>(2 * high) - quantiles[Noise::bins - 1];
  for (float& q : quantiles) q = std::max(q, 0.0F);
  return quantiles;
}

std::vector<float> exponential(double mean) {
  const auto inverse = [mean](double p) { return -mean * std::log1p(-p); };
  // Beyond a quantile the mean is that quantile + the mean of the whole.
  const double last = inverse(1 - 1.0 / Noise::bins) + mean;
  return table(inverse, inverse(0.5 / Noise::bins), last);
}

/// Of the standard normal distribution, by bisection.
double inverse_normal(double p) {
  double low = -10;
  double high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (std::erfc(-middle / std::sqrt(2.0)) / 2 < p ? low : high) = middle;
  }
  return low;
}

std::vector<float> normal(double mean, double sigma) {
  const double edge = inverse_normal(1.0 / Noise::bins);
  const double density = std::exp(-edge * edge / 2) / std::sqrt(2 * std::acos(-1.0));
  const double tail = density * Noise::bins;  // mean of |x| beyond the edge
  return table([=](double p) { return mean + sigma * inverse_normal(p); },
               mean - sigma * tail,
               mean + sigma * tail);
}

std::vector<float> measured(const std::string& path) {
  std::ifstream file(path);
  if (!file) topology::usage_error("noise: cannot read '" + path + "'");
  std::vector<double> delays;
  for (std::string line; std::getline(file, line);)
    if (!line.empty()) delays.push_back(duration(line));
  if (delays.empty()) topology::usage_error("noise: '" + path + "' holds no delay, one a line");
  std::sort(delays.begin(), delays.end());
  std::vector<float> quantiles;
  for (std::size_t i = 0; i <= Noise::bins; ++i) {
    const double at = static_cast<double>(i * (delays.size() - 1)) / Noise::bins;
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, delays.size() - 1);
    quantiles.push_back(static_cast<float>(
        std::lerp(delays[below], delays[above], at - static_cast<double>(below))));
  }
  return quantiles;
}

}  // namespace

Ticks to_ticks(Seconds time) {
  return std::llround(time.value() / seconds_per_tick);
}

Seconds to_seconds(Ticks ticks) {
  return Seconds(static_cast<double>(ticks) * seconds_per_tick);
}

NoiseKey noise_key(std::uint64_t seed, std::uint64_t step) {
  const std::uint64_t key = kernels::mix(kernels::mix(seed) ^ step);
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32U)};
}

Noise Noise::parse(const std::string& text) {
  const std::vector<std::string> parts = split(text);
  if (parts.front() == "exponential" && parts.size() == 2)
    return Noise(exponential(duration(parts[1])));
  if (parts.front() == "normal" && parts.size() == 3)
    return Noise(normal(duration(parts[1]), duration(parts[2])));
  if (parts.front() == "file" && parts.size() == 2) return Noise(measured(parts[1]));
  topology::usage_error(
      fmt::format("noise '{}': expected exponential:MEAN, normal:MEAN:SIGMA or file:PATH, for "
                  "example 'exponential:1 us'",
                  text));
}

Seconds Noise::mean() const {
  double sum = 0;
  for (std::size_t i = 0; i < quantiles_.size(); ++i)
    sum += quantiles_[i] * (i == 0 || i + 1 == quantiles_.size() ? 0.5 : 1.0);
  return Seconds(sum / static_cast<double>(bins) * seconds_per_tick);
}

}  // namespace bench
