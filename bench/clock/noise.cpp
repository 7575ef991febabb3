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
  return {static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32U) | 1U};
}

// -log2(v / 2^24) = (24 - e) - log2(m) for v = 2^e m. The number's bits, less those of 2^24, count
// e - 24 + m - 1, so that log2(m) - (m - 1) is what the lines add.
ExponentialLaw::ExponentialLaw(double mean) {
  constexpr double above_rounding = 2e-7;  // of single precision: no delay is below zero
  const auto knot = [](std::size_t i) { return 1 + static_cast<double>(i) / segments; };
  double logarithm = 0;  // mean of log2(m) as the lines have it
  for (std::size_t i = 0; i < segments; ++i)
    logarithm += (std::log2(knot(i)) + std::log2(knot(i + 1))) / (2 * segments);
  const double scale = mean / (2 - logarithm);  // 24 - e is 2 in the mean
  per_bit = static_cast<float>(-scale / (1U << 23U));
  for (std::size_t i = 0; i < segments; ++i) {
    const double rise = (std::log2(knot(i + 1)) - std::log2(knot(i))) * segments - 1;
    const double at_one = std::log2(knot(i)) - (knot(i) - 1) - rise * knot(i);
    offset[i] = static_cast<float>(scale * (above_rounding - at_one));
    slope[i] = static_cast<float>(-scale * rise);
  }
}

Noise Noise::parse(const std::string& text) {
  const std::vector<std::string> parts = split(text);
  if (parts.front() == "exponential" && parts.size() == 2) return exponential(duration(parts[1]));
  if (parts.front() == "uniform" && parts.size() == 3) {
    const double low = duration(parts[1]);
    const double high = duration(parts[2]);
    if (high < low) topology::usage_error(fmt::format("noise '{}': HIGH is below LOW", text));
    return Noise(UniformLaw{static_cast<float>(low), static_cast<float>(high - low)});
  }
  if (parts.front() == "normal" && parts.size() == 3)
    return Noise(normal(duration(parts[1]), duration(parts[2])));
  if (parts.front() == "file" && parts.size() == 2) return Noise(measured(parts[1]));
  topology::usage_error(
      fmt::format("noise '{}': expected exponential:MEAN, uniform:LOW:HIGH, normal:MEAN:SIGMA or "
                  "file:PATH, for example 'exponential:1 us'",
                  text));
}

Noise::Noise(std::vector<float> quantiles)
    : law_(Law::quantiles),
      most_(static_cast<Ticks>(quantiles.back()) + 1),
      quantiles_(std::move(quantiles)) {
  for (std::size_t i = 0; i < quantiles_.size(); ++i)
    mean_ += quantiles_[i] * (i == 0 || i + 1 == quantiles_.size() ? 0.5 : 1.0) / bins;
}

Noise::Noise(UniformLaw law)
    : law_(Law::uniform),
      mean_(law.low + law.width / 2),
      most_(static_cast<Ticks>(law.low + law.width) + 1),
      uniform_(law) {}

Noise Noise::exponential(double mean) {
  Noise noise;
  if (mean == 0) return noise;
  noise.law_ = Law::exponential;
  noise.mean_ = mean;
  noise.most_ = static_cast<Ticks>(17 * mean) + 1;
  noise.exponential_ = ExponentialLaw(mean);
  return noise;
}

Seconds Noise::mean() const {
  return Seconds(mean_ * seconds_per_tick);
}

}  // namespace bench
