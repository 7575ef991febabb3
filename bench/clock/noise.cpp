#include "bench/clock/noise.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <sstream>

#include <fmt/format.h>

#include "kernels/reliability/straggler.hpp"
#include "kernels/splitmix.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"
#include "topology/text_file.hpp"

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

std::vector<float> normal_quantiles(double mean, double sigma) {
  const double edge = inverse_normal(1.0 / Noise::bins);
  const double density = std::exp(-edge * edge / 2) / std::sqrt(2 * std::acos(-1.0));
  const double tail = density * Noise::bins;  // mean of |x| beyond the edge
  return table([=](double p) { return mean + sigma * inverse_normal(p); },
               mean - sigma * tail,
               mean + sigma * tail);
}

double delay_at(const std::string& path, int line, const std::string& text) {
  try {
    return duration(text);
  } catch (const topology::Error&) {
    topology::usage_error(
        fmt::format("noise: {}:{}: expected a delay such as '1.5 us', one a line", path, line));
  }
}

std::vector<float> measured(const std::string& path) {
  std::istringstream lines(topology::read_text(path, "a file of delays, one a line"));
  std::vector<double> delays;
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty()) delays.push_back(delay_at(path, number, line));
  }
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
  return {static_cast<std::uint32_t>(key) & ~1U, static_cast<std::uint32_t>(key >> 32U) | 1U};
}

// -log2(v / 2^31) = 31 - e - log2(m) for v = 2^e m. The bits of v as a float are
// 2^23 (127 + e + m - 1), so a segment adds 31 + 127 and its mean of m - 1 - log2(m); the last one
// nothing more, where the delay would fall below zero before v does reach 2^31.
ExponentialLaw::ExponentialLaw(double mean) {
  const auto integral = [](double m) {  // of log2(m) - (m - 1)
    return m * (std::log2(m) - 1 / std::log(2.0) - m / 2 + 1);
  };
  const auto knot = [](std::size_t i) { return 1 + static_cast<double>(i) / segments; };
  std::array<double, segments> above{};
  for (std::size_t i = 0; i + 1 < segments; ++i)
    above[i] = (integral(knot(i + 1)) - integral(knot(i))) * segments;
  const double mean_bits = 127 + 29 + 0.5;
  const double mean_above = std::accumulate(above.begin(), above.end(), 0.0) / segments;
  const double scale = mean / (31 + 127 - mean_bits - mean_above);  // of an octave
  per_bit = static_cast<float>(-scale / (1U << 23U));
  for (std::size_t i = 0; i < segments; ++i)
    offset[i] = static_cast<float>(scale * (31 + 127 - above[i]) - common);
}

Noise Noise::parse(const std::string& text) {
  const std::vector<std::string> parts = split(text);
  if (parts.front() == "exponential" && parts.size() == 2) return exponential(duration(parts[1]));
  if (parts.front() == "uniform" && parts.size() == 3) {
    const double low = duration(parts[1]);
    const double high = duration(parts[2]);
    if (high < low) topology::usage_error(fmt::format("noise '{}': HIGH is below LOW", text));
    return uniform(low, high);
  }
  if (parts.front() == "normal" && parts.size() == 3)
    return normal(duration(parts[1]), duration(parts[2]));
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

Noise Noise::uniform(double low, double high) {
  Noise noise;
  noise.law_ = Law::uniform;
  noise.mean_ = (low + high) / 2;
  noise.most_ = static_cast<Ticks>(high) + 1;
  noise.uniform_ = {std::llround(noise.mean_), static_cast<float>(high - low)};
  return noise;
}

Noise Noise::exponential(double mean) {
  Noise noise;
  if (mean == 0) return noise;
  noise.law_ = Law::exponential;
  noise.mean_ = mean;
  noise.most_ = static_cast<Ticks>(22 * mean) + 1;
  noise.exponential_ = ExponentialLaw(mean);
  return noise;
}

Noise Noise::normal(double mean, double sigma) {
  Noise noise(normal_quantiles(mean, sigma));
  noise.normal_ = {mean, sigma};
  return noise;
}

Ticks Noise::common() const {
  if (law_ == Law::exponential) return ExponentialLaw::common;
  return law_ == Law::uniform ? uniform_.middle : 0;
}

Seconds Noise::mean() const {
  return Seconds(mean_ * seconds_per_tick);
}

Seconds Noise::expected_maximum(std::int64_t chips) const {
  const auto n = static_cast<double>(chips);
  const auto in_seconds = [](double ticks) { return Seconds(ticks * seconds_per_tick); };
  if (law_ == Law::none) return {};
  if (law_ == Law::exponential) return in_seconds(mean_ * kernels::exponential_maximum(chips));
  if (law_ == Law::uniform) return in_seconds(mean_ + uniform_.width * (n / (n + 1) - 0.5));
  if (normal_) return in_seconds(kernels::normal_maximum(normal_->mean, normal_->sigma, chips));
  return in_seconds(kernels::quantile_maximum(quantiles_, chips));
}

}  // namespace bench
