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
#include "tests/topology/scratch.hpp"

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
#if !defined(__SANITIZE_ADDRESS__)
  for (const kernels::CollectiveInfo& row : kernels::collectives())
    for (const std::string& text : kernels::candidates(row.id, machine)) expect(row.id, text, 4e9);
#endif
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

/// Half the bandwidth on one link of one ring: the messages over it take twice their transfer; the
/// ring makes everybody in its line wait for all of them.
TEST(Clock, ADegradedLinkHoldsUpItsLine) {
  const Machine machine = fixtures::torus({4, 4});
  ClockOptions options;
  options.degraded = {bench::parse_degraded("x+@chip=5:0.5", machine)};
  const auto schedule = kernels::build(Collective::reduce_scatter, machine, "ring(x)+ring(y)");
  const double chunk = 1e9 / 16 / 100e9;  // one of 16 chunks over a link of 100 GB/s
  const auto result = run_clock(schedule, machine, Bytes(1e9), options);
  // Three steps of four chunks along x, each late on that link; then three of one along y.
  const auto on_time = bench::to_ticks(topology::Seconds(3 * 4 * chunk + 3 * chunk));
  const auto held_up = bench::to_ticks(topology::Seconds(3 * 2 * 4 * chunk + 3 * chunk));
  EXPECT_NEAR(static_cast<double>(result.finish[6]), static_cast<double>(held_up), 6);
  // Along y the delay reaches every column within three steps.
  EXPECT_NEAR(static_cast<double>(*std::max_element(result.finish.begin(), result.finish.end())),
              static_cast<double>(held_up),
              6);
  options.degraded = {bench::parse_degraded("x-@chip=5:0.5", machine)};  // an idle direction
  const auto idle = run_clock(schedule, machine, Bytes(1e9), options);
  EXPECT_NEAR(static_cast<double>(*std::max_element(idle.finish.begin(), idle.finish.end())),
              static_cast<double>(on_time),
              6);
}

TEST(Noise, HasTheMomentsOfItsDistribution) {
  EXPECT_NEAR(Noise::parse("exponential:3 us").mean().value(), 3e-6, 3e-9);
  EXPECT_NEAR(Noise::parse("normal:10 us:2 us").mean().value(), 10e-6, 1e-9);
  // Drawn values, by way of a start skew: mean and standard deviation of an exponential are equal.
  ClockOptions options;
  options.skew = Noise::parse("exponential:1 us");
  Machine idle = ring_of(1 << 20);
  kernels::Schedule nothing;
  nothing.extents = {1 << 20};
  nothing.root = kernels::Sequence{};
  const auto drawn = run_clock(nothing, idle, Bytes(8), options).finish;
  const double n = static_cast<double>(drawn.size());
  const double mean = std::accumulate(drawn.begin(), drawn.end(), 0.0) / n;
  double square = 0;
  for (const Ticks t : drawn)
    square += (static_cast<double>(t) - mean) * (static_cast<double>(t) - mean);
  EXPECT_NEAR(mean, 10000, 50);
  EXPECT_NEAR(std::sqrt(square / n), 10000, 100);
}

TEST(Noise, MeasuredDelaysAreDrawnFromTheirFile) {
  const fixtures::Scratch scratch;
  const Noise noise = Noise::parse("file:" + scratch.write("delays.txt", "1 us\n3 us\n2 us\n"));
  EXPECT_NEAR(noise.mean().value(), 2e-6, 1e-9);
  EXPECT_EQ(noise.quantiles().front(), 10000);
  EXPECT_EQ(noise.quantiles().back(), 30000);
}

TEST(Disturbance, SlipsAreAnsweredWithWhatIsExpected) {
  const Machine machine = topology::load_system("rainier");
  const auto noise = [](const char* text) {
    return fixtures::refusal([text] { (void)Noise::parse(text); });
  };
  fixtures::expect_mentions(noise("exponential:-1 us"), "negative");
  fixtures::expect_mentions(noise("exponential:1"), "has no unit");
  fixtures::expect_mentions(noise("uniform:1 us"), "exponential:MEAN");
  fixtures::expect_mentions(noise("file:nowhere"), "nowhere");
  const auto slow = [&](const char* text) {
    return fixtures::refusal([&] { (void)bench::parse_slow(text, machine); });
  };
  fixtures::expect_mentions(slow("524288:2"), "0 to 524287");
  fixtures::expect_mentions(slow("17:0.5"), "at least 1");
  fixtures::expect_mentions(slow("17"), "CHIP:FACTOR");
  const auto degraded = [&](const char* text) {
    return fixtures::refusal([&] { (void)bench::parse_degraded(text, machine); });
  };
  fixtures::expect_mentions(degraded("q+@chip=1:0.5"), "unknown level 'q'");
  fixtures::expect_mentions(degraded("x@chip=1:0.5"), "x+ or x-");
  fixtures::expect_mentions(degraded("pod+@chip=1:0.5"), "no direction");
  fixtures::expect_mentions(degraded("x+@ultraserver=8192:0.5"), "0 to 8191");
  fixtures::expect_mentions(degraded("x+@ultrasrver=1:0.5"), "did you mean 'ultraserver'");
  fixtures::expect_mentions(degraded("x+@chip=1:0"), "above 0");
  const auto failed = [&](const char* text) {
    return fixtures::refusal([&] { (void)bench::parse_failed_link(text, machine); });
  };
  fixtures::expect_mentions(failed("x+@ultraserver=1"), "one by one");
  fixtures::expect_mentions(failed("x+@chip=524288"), "0 to 524287");
  const auto ports = [&](const char* text) {
    return fixtures::refusal([&] { (void)bench::parse_failed_ports({text}, machine); });
  };
  fixtures::expect_mentions(ports("pod@ultraserver=5"), "--without");
  const auto left_out = [&](const char* text) {
    return fixtures::refusal([&] { (void)bench::without(text, machine); });
  };
  fixtures::expect_mentions(left_out("ultraserver=8192"), "0 to 8191");
  fixtures::expect_mentions(left_out("chip=5"), "only places on the network");
}

/// One hop up and one down a ring of 8 at the same time; the link from 3 up is gone. The message
/// from 3 to 4 makes 7 hops down, over all links down but the one from 4, each of which then
/// carries two.
TEST(Clock, AFailedLinkIsGoneRound) {
  Machine machine = fixtures::machine({{"x", LevelShape::ring, 8, 1}}, 2e-6);
  machine.levels[0].hop.value = topology::Seconds(1e-6);
  kernels::Together both;
  for (const std::int64_t direction : {1, -1}) {
    kernels::Exchange hop;
    hop.to = {.digits = {0}, .operand = {direction, 0}};
    hop.chunks = {{kernels::Range::Kind::from, {}}};
    hop.reduce = true;
    both.parts.emplace_back(hop);
  }
  kernels::Schedule schedule;
  schedule.collective = Collective::reduce_scatter;
  schedule.extents = {8};
  schedule.root = both;
  ClockOptions options;
  options.failed = {bench::parse_failed_link("x+@chip=3", machine)};
  const auto finish = run_clock(schedule, machine, Bytes(80e3), options).finish;
  const Ticks message = 100000;  // 10,000 B at 1 GB/s: 10 us
  const Ticks hop = 10000;
  for (std::size_t chip = 0; chip < 8; ++chip) {
    Ticks wanted = 2 * hop + 2 * message;
    if (chip == 3) wanted = 2 * hop + message;  // hears from 2 and 4, over links left alone
    if (chip == 4) wanted = 2 * hop + 6 * hop + 2 * message;
    EXPECT_EQ(finish[chip], wanted) << chip;
  }
}

/// Two links of one line: up from 1 and up from 5 are gone in a ring of 8 that sends up. Both
/// messages go down, over 7 links that carry nothing else but each other: one load of two on all
/// but two. With the ways down cut as well there is none left.
TEST(Clock, FailedLinksOfOneLineAreGoneRoundTogether) {
  const Machine machine = fixtures::machine({{"x", LevelShape::ring, 8, 1}}, 2e-6);
  const auto schedule = kernels::build(Collective::reduce_scatter, machine, "ring");
  ClockOptions options;
  const auto fail = [&](const char* text) {
    options.failed.push_back(bench::parse_failed_link(text, machine));
  };
  fail("x+@chip=1");
  fail("x+@chip=5");
  const auto finish = run_clock(schedule, machine, Bytes(80e3), options).finish;
  // 7 steps of 2 us + 10 us for a message of 10,000 B; 10 us more where it shares its way.
  EXPECT_EQ(finish[2], 7 * (20000 + 2 * 100000));
  EXPECT_EQ(finish[6], 7 * (20000 + 2 * 100000));
  fail("x-@chip=3");
  fixtures::expect_mentions(
      fixtures::refusal([&] { (void)run_clock(schedule, machine, Bytes(80e3), options); }),
      "no way from member 1 to member 2 of a ring x");
}

/// 2 of 16 ports of an instance gone: the others carry 16/14 of what they did.
TEST(Clock, FailedPortsAreSharedByTheRest) {
  const Machine machine = fixtures::machine(
      {{"server", LevelShape::all_to_all, 16, 256}, {"efa", LevelShape::clos, 4, 12}});
  const auto straight = kernels::build(Collective::reduce_scatter, machine, "ring");
  ClockOptions options;
  options.degraded = bench::parse_failed_ports({"efa@chip=17", "efa@chip=30"}, machine);
  const Bytes size(64 * 12e6);
  const auto finish = run_clock(straight, machine, size, options).finish;
  // ring(server) of 12 MB chunks of 4 each, then 3 steps of 12 MB over efa at 14/16 of 12 GB/s.
  const double seconds = 15 * 4 * 12e6 / 256e9 + 3 * 12e6 / (12e9 * 14 / 16);
  EXPECT_NEAR(static_cast<double>(*std::max_element(finish.begin(), finish.end())),
              seconds / bench::seconds_per_tick,
              20);
}

/// 8,191 UltraServers are a prime number of members: rings and trees run, halving does not.
TEST(Clock, AnUltraServerCanBeLeftOut) {
  const Machine machine = bench::without("ultraserver=5", topology::load_system("rainier"));
  EXPECT_EQ(machine.chips(), 524288 - 64);
  EXPECT_EQ(machine.levels.back().extent, 8191);
  for (const char* text : {"rhd(x,y,z)+direct(network)", "rhd(x,y,z)+doubletree(network)"})
    EXPECT_GT(bench::predict(Collective::all_reduce, machine, Bytes(1 << 30), text).time.value(),
              0);
  fixtures::expect_mentions(fixtures::refusal([&] {
                              (void)kernels::build(
                                  Collective::all_reduce, machine, "rhd(x,y,z)+rhd(network)");
                            }),
                            "power of two");
}

}  // namespace
