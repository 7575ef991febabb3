// Why the last chip is late, added up to the tick.
#include "bench/clock/critical_path.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "bench/clock/waiting.hpp"
#include "bench/executor/predict.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/bench/ring.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using bench::ClockOptions;
using bench::CriticalPath;
using bench::Noise;
using bench::PathStep;
using bench::Ticks;
using kernels::Collective;
using topology::Bytes;
using topology::Machine;

CriticalPath path_of(const kernels::Schedule& schedule,
                     const Machine& machine,
                     Bytes size,
                     const ClockOptions& options) {
  auto path = bench::critical_path(schedule, machine, size, options);
  EXPECT_TRUE(path.has_value()) << schedule.algorithm;
  return path.value_or(CriticalPath{});
}

/// Every step hangs on the one before, and the parts add up to what the clock says.
void expect_adds_up(const CriticalPath& path, const std::string& what) {
  const Ticks sum = path.start + path.sum(&PathStep::cost) + path.sum(&PathStep::slow) +
                    path.sum(&PathStep::degraded) + path.sum(&PathStep::noise);
  EXPECT_EQ(sum, path.finish) << what;
  ASSERT_FALSE(path.steps.empty());
  EXPECT_EQ(path.steps.back().chip, path.last) << what;
  for (std::size_t i = 0; i < path.steps.size(); ++i) {
    EXPECT_EQ(path.steps[i].step, static_cast<std::int64_t>(i)) << what;
    const std::int64_t before = i > 0 ? path.steps[i - 1].chip : path.first;
    EXPECT_EQ(path.steps[i].from, before) << what;
  }
}

TEST(CriticalPath, AddsUpToTheFinishOfTheLastChip) {
  const Machine machine = topology::slice(topology::load_system("rainier"), 256);
  ClockOptions options;
  options.noise = Noise::parse("exponential:1 us");
  options.skew = Noise::parse("normal:20 us:10 us");
  options.slow = {{17, 1.5}, {200, 3}};
  options.degraded = {bench::parse_degraded("z+@chip=40:0.25", machine),
                      bench::parse_degraded("pod@ultraserver=3:0.5", machine)};
  for (const kernels::CollectiveInfo& row : kernels::collectives())
    for (const std::string& text : kernels::candidates(row.id, machine)) {
      const auto schedule = kernels::build(row.id, machine, text);
      if (!bench::is_clockable(schedule)) continue;
      for (options.seed = 1; options.seed < 4; ++options.seed) {
        const Bytes size(1 << 24);
        const auto finish = bench::run_clock(schedule, machine, size, options).finish;
        const CriticalPath path = path_of(schedule, machine, size, options);
        EXPECT_EQ(path.finish, *std::max_element(finish.begin(), finish.end())) << text;
        expect_adds_up(path, text);
      }
    }
}

/// One Z link at half speed in an all-reduce over 4x4x4 by halving and doubling on one lane. In the
/// step across it the link carries a message of size/2^(s+1), which takes as long again; nothing
/// else does, so the last chip is late by twice that, once down and once up.
TEST(CriticalPath, ALinkAtHalfSpeedIsWhatTheLastChipWaitsFor) {
  const Machine machine = fixtures::torus({4, 4, 4});
  const Bytes size(64e9);
  const auto schedule = kernels::build(Collective::all_reduce, machine, "rhd(x,y,z;ports=1)");
  ClockOptions options;
  options.degraded = {bench::parse_degraded("z+@chip=21:0.5", machine)};
  const CriticalPath path = path_of(schedule, machine, size, options);
  expect_adds_up(path, "one Z link");
  const Ticks straight = bench::to_ticks(bench::predict(schedule, machine, size).time);
  const Ticks late = path.sum(&PathStep::degraded);
  EXPECT_EQ(path.finish, straight + late);
  std::int64_t over_the_link = 0;
  for (const PathStep& step : path.steps) {
    if (step.degraded == 0) continue;
    ++over_the_link;
    EXPECT_EQ(machine.levels[step.level].name, "z");
    EXPECT_EQ(step.degraded, step.cost);  // no latency here: half the rate, twice the time
  }
  // Step by step the delay spreads to the partners' partners, in the end to everybody.
  EXPECT_EQ(path.late.front().chips, 0);
  EXPECT_EQ(path.late.back().chips, 64);
  for (std::size_t i = 1; i < path.late.size(); ++i) {
    EXPECT_GE(path.late[i].chips, path.late[i - 1].chips);
    EXPECT_LE(path.late[i].chips, std::max<std::int64_t>(2, 2 * path.late[i - 1].chips));
  }
  // The link leaves z = 1 upwards. The Gray-coded bits pair 0-1 and 2-3, and 1-2 and 3-0: only the
  // step of one bit crosses it, in the scatter and in the gather.
  EXPECT_EQ(over_the_link, 2);
}

TEST(CriticalPath, NobodyIsLateWhereNothingSetsChipsApart) {
  const Machine machine = fixtures::torus({4, 8});
  for (const char* text : {"ring", "bucket", "direct"}) {
    const auto schedule = kernels::build(Collective::all_reduce, machine, text);
    for (const bench::LateChips& late : path_of(schedule, machine, Bytes(1 << 20), {}).late)
      EXPECT_EQ(late.chips, 0) << text << " before step " << late.step;
  }
}

/// A ring of 40 with two slow chips, by hand: a chip waits from when it is ready until the sender
/// is.
TEST(Waiting, IsWhatIsLeftAfterAChipsOwnWork) {
  const std::size_t n = 40;
  const Machine machine =
      fixtures::machine({{"ring", topology::LevelShape::all_to_all, 40, 1e6}}, 1e-6);
  ClockOptions options;
  options.slow = {{3, 1.5}, {39, 2.25}};
  options.skew = Noise::parse("exponential:7 us");
  const auto schedule = fixtures::ring_steps(40, 25);
  const std::vector<Ticks> start =
      bench::run_clock(fixtures::ring_steps(40, 0), machine, Bytes(8), options).finish;
  std::vector<Ticks> clocks = start;
  std::vector<Ticks> wanted(n);
  for (int step = 0; step < 25; ++step) {
    std::vector<Ticks> next(n);
    for (std::size_t r = 0; r < n; ++r) {
      const Ticks ready = std::max(clocks[r], clocks[(r + n - 1) % n]);
      wanted[r] += ready - clocks[r];
      next[r] = ready + (r == 3 ? 15000 : r == 39 ? 22500 : 10000);
    }
    clocks = next;
  }
  const auto finish = bench::run_clock(schedule, machine, Bytes(8), options).finish;
  EXPECT_EQ(finish, clocks);
  EXPECT_EQ(bench::waiting(schedule, machine, Bytes(8), options, finish), wanted);
}

/// Nobody is ahead of its own work, whatever happens; and where chips start apart, some do wait.
TEST(Waiting, IsNeverNegative) {
  const Machine machine = topology::slice(topology::load_system("rainier"), 256);
  ClockOptions options;
  options.noise = Noise::parse("exponential:1 us");
  options.skew = Noise::parse("exponential:5 us");
  options.slow = {{17, 1.5}};
  options.degraded = {bench::parse_degraded("z+@chip=40:0.25", machine)};
  for (const kernels::CollectiveInfo& row : kernels::collectives())
    for (const std::string& text : kernels::candidates(row.id, machine)) {
      const auto schedule = kernels::build(row.id, machine, text);
      if (!bench::is_clockable(schedule)) continue;
      const Bytes size(1 << 24);
      const auto finish = bench::run_clock(schedule, machine, size, options).finish;
      const auto waits = bench::waiting(schedule, machine, size, options, finish);
      EXPECT_GE(*std::min_element(waits.begin(), waits.end()), 0) << text;
      EXPECT_GT(*std::max_element(waits.begin(), waits.end()), 0) << text;
    }
}

}  // namespace
