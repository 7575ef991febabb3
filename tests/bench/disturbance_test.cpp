// Slow, degraded and failed chips and links: against closed forms, and what is refused.
#include "bench/clock/disturbance.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "bench/clock/clock.hpp"
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

/// Half the bandwidth on one link of one ring: the messages over it take twice their transfer; the
/// ring makes everybody in its line wait for all of them.
TEST(Disturbance, ADegradedLinkHoldsUpItsLine) {
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

TEST(Disturbance, SlipsAreAnsweredWithWhatIsExpected) {
  const Machine machine = topology::load_system("rainier");
  const auto noise = [](const char* text) {
    return fixtures::refusal([text] { (void)Noise::parse(text); });
  };
  fixtures::expect_mentions(noise("exponential:-1 us"), "negative");
  fixtures::expect_mentions(noise("exponential:1"), "has no unit");
  fixtures::expect_mentions(noise("uniform:1 us"), "exponential:MEAN");
  fixtures::expect_mentions(noise("uniform:2 us:1 us"), "below LOW");
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
TEST(Disturbance, AFailedLinkIsGoneRound) {
  Machine machine = fixtures::machine({{"x", LevelShape::ring, 8, 1}}, 2e-6);
  machine.levels[0].hop.value = topology::Seconds(1e-6);
  kernels::Together both;
  for (const std::int64_t direction : {1, -1}) {
    kernels::Exchange hop;
    hop.to = {.digits = {0}, .operand = {direction, 0}};
    hop.chunks = {{kernels::DigitRange::Kind::from, {}}};
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
TEST(Disturbance, FailedLinksOfOneLineAreGoneRoundTogether) {
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
TEST(Disturbance, FailedPortsAreSharedByTheRest) {
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
TEST(Disturbance, AnUltraServerCanBeLeftOut) {
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
