// A clock per chip against the closed form, brute force and the exact laws of noise.
#include "bench/clock/clock.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <gtest/gtest.h>
#include <omp.h>

#include "bench/executor/predict.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/sanitized.hpp"

namespace {

using bench::ClockOptions;
using bench::Noise;
using bench::run_clock;
using bench::Ticks;
using kernels::Collective;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;

std::vector<Machine> symmetric_machines() {
  const Machine rainier = topology::load_system("rainier");
  const Machine trn4 = topology::load_system("rainier-trn4");
  return {fixtures::torus({4, 4}),
          fixtures::torus({8, 2}),
          fixtures::switched(64),
          topology::slice(rainier, 16),
          topology::slice(rainier, 64),
          topology::slice(rainier, 512),
          topology::slice(rainier, 4096),
          topology::slice(trn4, 1024)};
}

/// Rounds are rounded to whole ticks one by one.
void expect_everybody_at(const bench::ClockResult& result, topology::Seconds time) {
  const auto [first, last] = std::minmax_element(result.finish.begin(), result.finish.end());
  EXPECT_EQ(*first, *last);
  const double half_ticks = 0.5 * static_cast<double>(result.steps + 1);
  EXPECT_NEAR(static_cast<double>(*last), time.value() / bench::seconds_per_tick, half_ticks);
}

TEST(Clock, IsThePredictionWhereNothingSetsChipsApart) {
  for (const Machine& machine : symmetric_machines())
    for (const kernels::CollectiveInfo& row : kernels::collectives())
      for (const std::string& text : kernels::candidates(row.id, machine))
        for (const double size : {65536.0, 1e9}) {
          const auto schedule = kernels::build(row.id, machine, text);
          if (!bench::is_clockable(schedule)) continue;
          SCOPED_TRACE(machine.name + " " + row.name + " " + text);
          expect_everybody_at(run_clock(schedule, machine, Bytes(size), {}),
                              bench::predict(schedule, machine, Bytes(size)).time);
        }
}

/// With sanitizers one text of each collective, which is slow enough.
TEST(Clock, IsThePredictionOverAll524288Chips) {
  const Machine machine = topology::load_system("rainier");
  const auto expect = [&](Collective collective, const std::string& text, double size) {
    SCOPED_TRACE(text);
    const auto schedule = kernels::build(collective, machine, text);
    if (!bench::is_clockable(schedule)) return;
    expect_everybody_at(run_clock(schedule, machine, Bytes(size), {}),
                        bench::predict(schedule, machine, Bytes(size)).time);
  };
  for (const char* text : {"ring",
                           "rhd(x,y,z;balanced)+rhd(pod,building,site;ports=1)",
                           "swing(x,y,z)+doubling(pod,building,site)"})
    expect(Collective::all_reduce, text, 1 << 30);
  expect(
      Collective::all_to_all, "direct(x,y,z)+bruck(pod)+pairwise(building)+direct(site)", 1 << 30);
  if (fixtures::sanitized) return;
  for (const kernels::CollectiveInfo& row : kernels::collectives())
    for (const std::string& text : kernels::candidates(row.id, machine)) expect(row.id, text, 4e9);
}

/// One ring of n members with a step cost of 1 us.
Machine ring_of(std::int64_t n) {
  return fixtures::machine({{"ring", LevelShape::all_to_all, n, 1e6}}, 1e-6);
}

bench::ClockResult ring_scatter(std::int64_t n, const ClockOptions& options) {
  const Machine machine = ring_of(n);
  return run_clock(
      kernels::build(Collective::reduce_scatter, machine, "ring"), machine, Bytes(8), options);
}

/// theory: T_r(S) = S c + max over 0 <= j <= min(S, N-1) of the start of r-j; with S = N-1 steps
/// that is the latest start of all.
TEST(Clock, RingCarriesTheLatestStartToEverybody) {
  ClockOptions options;
  options.skew = Noise::parse("exponential:5 us");
  const auto result = ring_scatter(4096, options);
  const auto [first, last] = std::minmax_element(result.finish.begin(), result.finish.end());
  EXPECT_EQ(*first, *last);
  EXPECT_GT(*last, 4095 * 10000 + 5 * 50000);  // some chip of 4,096 starts five means late
}

/// Step by step, as written in the header of clock.hpp.
std::vector<Ticks> brute_force(const Machine& machine,
                               std::vector<Ticks> start,
                               Ticks cost,
                               std::int64_t steps,
                               const ClockOptions& options) {
  const auto n = static_cast<std::size_t>(machine.chips());
  for (std::int64_t s = 0; s < steps; ++s) {
    std::vector<Ticks> next(n);
    for (std::size_t r = 0; r < n; ++r) {
      next[r] = std::max(start[r], start[(r + n - 1) % n]) + cost;
      for (const bench::SlowChip& slow : options.slow)
        if (static_cast<std::size_t>(slow.chip) == r)
          next[r] += std::llround(static_cast<double>(cost) * (slow.factor - 1));
    }
    start = next;
  }
  return start;
}

TEST(Clock, RingWithSlowChipsIsBruteForce) {
  for (const std::int64_t n : {7, 33, 100, 257}) {
    const Machine machine = ring_of(n);
    ClockOptions options;
    options.slow = {{3, 1.5}, {n - 1, 2.25}};
    const auto result = ring_scatter(n, options);
    const Ticks cost = 10000;  // 1 us; 8 bytes take no tick
    EXPECT_EQ(
        result.finish,
        brute_force(machine, std::vector<Ticks>(static_cast<std::size_t>(n)), cost, n - 1, options))
        << n;
  }
}

double mean_microseconds_per_step(const bench::ClockResult& result) {
  const double sum = std::accumulate(result.finish.begin(), result.finish.end(), 0.0);
  return sum / static_cast<double>(result.finish.size()) / static_cast<double>(result.steps) *
         bench::seconds_per_tick * 1e6;
}

/// Last-passage percolation from a flat start: a step costs c + 2e for a delay of mean e,
/// exponential.
TEST(Clock, ExponentialNoiseCostsARingTwiceItsMean) {
  ClockOptions options;
  options.noise = Noise::parse("exponential:1 us");
  EXPECT_NEAR(mean_microseconds_per_step(ring_scatter(32768, options)), 1 + 2, 0.005 * 2);
}

/// Tandem queues (Baik, Nadakuditi): one rank with mean m in place of e = 1 is not seen until m
/// = 2. A constant slow-down stands in for it: c + extra + e on one chip.
TEST(Clock, AStragglerIsHiddenByNoiseUntilItExceedsTwiceTheMean) {
  ClockOptions options;
  options.noise = Noise::parse("exponential:1 us");
  const double quiet = mean_microseconds_per_step(ring_scatter(8192, options));
  options.slow = {{100, 1.5}};  // 1.5 + 1 of noise: below 1 + 2
  EXPECT_NEAR(mean_microseconds_per_step(ring_scatter(8192, options)), quiet, 0.01 * quiet);
  options.slow = {{100, 4}};  // 4 + 1 a step, felt by all that it reaches
  const auto slow = ring_scatter(8192, options);
  const double last =
      bench::to_seconds(*std::max_element(slow.finish.begin(), slow.finish.end())).value() /
      static_cast<double>(slow.steps) * 1e6;
  EXPECT_NEAR(last, 5, 0.02 * 5);
}

/// Branching random walk: k steps of a butterfly take about k (c + 2.678 e) - 2.38 e ln k.
TEST(Clock, ButterflyNoiseFollowsTheBranchingRandomWalk) {
  ClockOptions options;
  options.noise = Noise::parse("exponential:1 us");
  for (const std::int64_t k : {13, 19}) {
    Machine machine = ring_of(std::int64_t{1} << k);
    machine.levels[0].latency.value = topology::Seconds(0);
    const auto result = run_clock(
        kernels::build(Collective::all_reduce, machine, "doubling"), machine, Bytes(8), options);
    const double steps = static_cast<double>(k);
    const double law = 2.678 * steps - 2.38 * std::log(steps);
    EXPECT_NEAR(mean_microseconds_per_step(result) * steps, law, 0.05 * law) << k;
  }
}

TEST(Clock, AnyNumberOfThreadsGivesTheSameTicks) {
  const Machine machine = topology::slice(topology::load_system("rainier"), 65536);
  ClockOptions options;
  options.noise = Noise::parse("normal:2 us:1 us");
  options.skew = Noise::parse("exponential:10 us");
  options.slow = {{17, 1.5}};
  const auto schedule =
      kernels::build(Collective::all_reduce, machine, "rhd(x,y,z)+ring(pod)+ring(building)");
  std::vector<std::vector<Ticks>> results;
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2, 3}) {
    omp_set_num_threads(threads);
    results.push_back(run_clock(schedule, machine, Bytes(1 << 20), options).finish);
  }
  omp_set_num_threads(before);
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
}

TEST(Clock, AnotherSeedGivesOtherDelays) {
  ClockOptions options;
  options.noise = Noise::parse("exponential:1 us");
  const auto one = ring_scatter(64, options);
  options.seed = 2;
  EXPECT_NE(one.finish, ring_scatter(64, options).finish);
}

}  // namespace
