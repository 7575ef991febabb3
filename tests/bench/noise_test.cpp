// Drawn delays against the distributions they are of.
#include "bench/clock/noise.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include <gtest/gtest.h>
#include <omp.h>

#include "bench/clock/clock.hpp"
#include "bench/clock/clock_kernels.hpp"
#include "tests/bench/ring.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/topology/scratch.hpp"
#include "tests/vector_unit.hpp"

namespace {

using bench::Noise;
using bench::NoiseKey;
using bench::Ticks;
using fixtures::choose_vector_unit;

constexpr std::size_t chips = 1 << 20;

std::vector<Ticks> draw(const Noise& noise, NoiseKey key) {
  std::vector<Ticks> delays(chips);
  bench::add_noise(delays, 0, key, noise);
  return delays;
}

double mean_of(const std::vector<Ticks>& delays) {
  return std::accumulate(delays.begin(), delays.end(), 0.0) / static_cast<double>(delays.size());
}

/// Where ticks are rounded down half of one is missing in the mean.
void expect_mean(const Noise& noise, double ticks, double deviation) {
  EXPECT_NEAR(noise.mean().value() / bench::seconds_per_tick, ticks, 1e-9 * ticks);
  EXPECT_NEAR(mean_of(draw(noise, bench::noise_key(1, 7))),
              ticks,
              0.5 + 5 * deviation / std::sqrt(static_cast<double>(chips)));
}

/// As many delays are below each quantile as the law says, up to five deviations of so many draws
/// and `error` of the law as it is computed.
void expect_quantiles(const Noise& noise,
                      const std::function<double(double)>& inverse,
                      double error) {
  const std::vector<Ticks> delays = draw(noise, bench::noise_key(3, 1));
  for (const double p : {0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999, 0.9999}) {
    const double limit = inverse(p);
    const auto below = static_cast<double>(std::count_if(
        delays.begin(), delays.end(), [&](Ticks t) { return static_cast<double>(t) < limit; }));
    const double spread = std::sqrt(p * (1 - p) / static_cast<double>(chips));
    EXPECT_NEAR(below / static_cast<double>(chips), p, 5 * spread + error * (1 - p)) << p;
  }
}

TEST(Noise, IsExponential) {
  const Noise noise = Noise::parse("exponential:3 us");
  expect_mean(noise, 30000, 30000);
  expect_quantiles(
      noise, [](double p) { return -30000 * std::log1p(-p); }, 0.012);
  const std::vector<Ticks> delays = draw(noise, bench::noise_key(2, 1));
  const auto [least, most] = std::minmax_element(delays.begin(), delays.end());
  EXPECT_GE(*least, 0);
  EXPECT_LE(*most, noise.most());
  EXPECT_GT(*most, 10 * 30000);  // a million draws: ln 2^20 = 13.9 means on average
}

TEST(Noise, IsUniform) {
  const Noise noise = Noise::parse("uniform:1 us:5 us");
  expect_mean(noise, 30000, 40000 / std::sqrt(12.0));
  expect_quantiles(
      noise, [](double p) { return 10000 + 40000 * p; }, 0);
  const std::vector<Ticks> delays = draw(noise, bench::noise_key(2, 1));
  const auto [least, most] = std::minmax_element(delays.begin(), delays.end());
  EXPECT_GE(*least, 10000);
  EXPECT_LE(*most, 50000);
  EXPECT_LE(*most, noise.most());
}

TEST(Noise, IsNormal) {
  expect_mean(Noise::parse("normal:10 us:2 us"), 100000, 20000);
  const std::vector<Ticks> delays = draw(Noise::parse("normal:10 us:2 us"), bench::noise_key(1, 1));
  double square = 0;
  for (const Ticks t : delays) square += std::pow(static_cast<double>(t) - 100000, 2);
  EXPECT_NEAR(std::sqrt(square / static_cast<double>(chips)), 20000, 100);
}

TEST(Noise, MeasuredDelaysAreDrawnFromTheirFile) {
  const fixtures::Scratch scratch;
  const Noise noise = Noise::parse("file:" + scratch.write("delays.txt", "1 us\n3 us\n2 us\n"));
  EXPECT_NEAR(noise.mean().value(), 2e-6, 1e-9);
  EXPECT_EQ(noise.quantiles().front(), 10000);
  EXPECT_EQ(noise.quantiles().back(), 30000);
  EXPECT_EQ(noise.most(), 30001);
}

TEST(Noise, OfNoLengthIsNone) {
  EXPECT_TRUE(Noise::parse("exponential:0 us").none());
  EXPECT_TRUE(Noise().none());
}

/// Deviations by which the pairs differ from an even spread over 64 x 64 squares.
double unevenness(const std::vector<Ticks>& a, const std::vector<Ticks>& b, std::size_t shift) {
  constexpr std::size_t bins = 64;
  std::vector<double> count(bins * bins);
  const auto bin = [](Ticks t) { return static_cast<std::size_t>(t) * bins / 64000; };
  const std::size_t pairs = a.size() - shift;
  for (std::size_t i = 0; i < pairs; ++i) ++count.at(bin(a[i]) * bins + bin(b[i + shift]));
  const double even = static_cast<double>(pairs) / (bins * bins);
  double square = 0;
  for (const double c : count) square += (c - even) * (c - even) / even;
  const double freedom = bins * bins - 1;
  return (square - freedom) / std::sqrt(2 * freedom);
}

/// 0 to 63,999 ticks.
std::vector<Ticks> even_draw(std::uint64_t seed, std::uint64_t step) {
  std::vector<Ticks> delays =
      draw(Noise::parse("uniform:0 us:6.4 us"), bench::noise_key(seed, step));
  for (Ticks& t : delays) t = std::min<Ticks>(t, 63999);
  return delays;
}

TEST(Noise, StepsAndSeedsAreIndependent) {
  const std::vector<Ticks> one = even_draw(1, 1);
  for (std::uint64_t step = 2; step < 12; ++step)
    EXPECT_LT(std::abs(unevenness(one, even_draw(1, step), 0)), 5) << step;
  EXPECT_LT(std::abs(unevenness(one, even_draw(2, 1), 0)), 5);
  EXPECT_GT(unevenness(one, one, 0), 100);
}

TEST(Noise, NeighboursAreIndependent) {
  const std::vector<Ticks> one = even_draw(1, 1);
  for (const std::size_t apart : std::vector<std::size_t>{1, 2, 4, 64, 4096})
    EXPECT_LT(std::abs(unevenness(one, one, apart)), 5) << apart;
  EXPECT_LT(std::abs(unevenness(one, even_draw(1, 2), 1)), 5);  // what meets in a ring
}

/// A ring step by step with the delay of each chip by itself; a step costs 1 us.
std::vector<Ticks> brute_force(std::int64_t n,
                               std::int64_t steps,
                               const bench::ClockOptions& options) {
  std::vector<Ticks> clocks(static_cast<std::size_t>(n));
  for (std::int64_t s = 0; s < steps; ++s) {
    const NoiseKey key = bench::noise_key(options.seed, static_cast<std::uint64_t>(s));
    const std::vector<Ticks> now = clocks;
    for (std::size_t r = 0; r < clocks.size(); ++r)
      clocks[r] = std::max(now[r], now[(r + clocks.size() - 1) % clocks.size()]) + 10000 +
                  bench::noise_of(static_cast<std::int64_t>(r), key, options.noise);
    for (const bench::SlowChip& slow : options.slow)
      clocks[static_cast<std::size_t>(slow.chip)] += std::llround(10000 * (slow.factor - 1));
  }
  return clocks;
}

std::vector<Ticks> clock_of(std::int64_t n,
                            std::int64_t steps,
                            const bench::ClockOptions& options) {
  const topology::Machine machine =
      fixtures::machine({{"ring", topology::LevelShape::all_to_all, n, 1e6}}, 1e-6);
  return bench::run_clock(fixtures::ring_steps(n, steps), machine, topology::Bytes(8), options)
      .finish;
}

/// The same million delays on each vector unit that this CPU has.
void expect_same_on_every_unit(const Noise& noise) {
  const NoiseKey key = bench::noise_key(4, 1);
  const std::vector<Ticks> wanted = draw(noise, key);
  const std::int64_t units = hwy::SupportedTargets();
  ASSERT_NE(units & (units - 1), 0) << "there is but one";
  for (std::int64_t left = units; left != 0; left &= left - 1) {
    choose_vector_unit(left & -left);
    EXPECT_EQ(draw(noise, key), wanted) << hwy::TargetName(left & -left);
  }
  choose_vector_unit(0);
}

TEST(Noise, IsTheSameOnEveryVectorUnit) {
  for (const char* law : {"exponential:1 us", "uniform:0 us:2 us", "normal:2 us:1 us"})
    expect_same_on_every_unit(Noise::parse(law));
}

/// Lines that vectors do not divide.
TEST(Noise, OfARingIsThatOfItsChips) {
  bench::ClockOptions options;
  for (const char* law : {"exponential:1 us", "uniform:0 us:2 us", "normal:2 us:1 us"})
    for (const std::int64_t n : {33, 100}) {
      options.noise = Noise::parse(law);
      EXPECT_EQ(clock_of(n, 50, options), brute_force(n, 50, options)) << law << " " << n;
    }
}

/// So long that it is taken in strips, with more steps than a strip has at a time; a slow chip
/// beside the place where the ring closes and one where a thread's share may begin.
TEST(Noise, OfALongRingIsThatOfItsChipsOnAnyNumberOfThreads) {
  const std::int64_t n = 65536 + 13;
  bench::ClockOptions options;
  options.noise = Noise::parse("exponential:1 us");
  options.slow = {{0, 3.0}, {n - 1, 5.0}, {n / 2, 2.0}};
  const std::vector<Ticks> wanted = brute_force(n, 300, options);
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2, 3}) {
    omp_set_num_threads(threads);
    EXPECT_EQ(clock_of(n, 300, options), wanted) << threads;
  }
  omp_set_num_threads(before);
}

/// Of the longest of 4,096 delays over 256 steps, up to four deviations of their mean.
TEST(Noise, ExpectsTheLongestOfManyDelays) {
  constexpr std::size_t group = 4096;
  for (const char* text : {"exponential:3 us", "uniform:2 us:5 us", "normal:4 us:1 us"}) {
    const Noise noise = Noise::parse(text);
    const std::vector<Ticks> delays = draw(noise, bench::noise_key(5, 2));
    std::vector<double> longest;
    for (std::size_t i = 0; i < chips; i += group) {
      const auto begin = delays.begin() + static_cast<std::ptrdiff_t>(i);
      longest.push_back(static_cast<double>(*std::max_element(begin, begin + group)));
    }
    const auto count = static_cast<double>(longest.size());
    const double mean = std::accumulate(longest.begin(), longest.end(), 0.0) / count;
    double squares = 0;
    for (const double one : longest) squares += (one - mean) * (one - mean);
    EXPECT_NEAR(mean,
                noise.expected_maximum(group).value() / bench::seconds_per_tick,
                4 * std::sqrt(squares) / count + 0.012 * noise.mean().value() / 1e-10)
        << text;
  }
  EXPECT_EQ(Noise().expected_maximum(group), topology::Seconds{});
}

}  // namespace
