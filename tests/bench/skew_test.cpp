// Rings whose members start apart, against the closed form and step by step.
#include <algorithm>
#include <deque>

#include <gtest/gtest.h>

#include "bench/clock/clock.hpp"
#include "tests/bench/ring.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using bench::ClockOptions;
using bench::Noise;
using bench::Ticks;
using topology::Bytes;
using topology::Machine;

/// theory 2.5: T_r(S) = S c + max over 0 <= j <= min(S, n-1) of the start of r-j, by a monotone
/// queue over the ring unrolled twice.
std::vector<Ticks> sliding_window(const std::vector<Ticks>& start, std::int64_t steps, Ticks cost) {
  const auto n = static_cast<std::int64_t>(start.size());
  const std::int64_t reach = std::min(steps, n - 1);
  std::deque<std::int64_t> latest;  // positions, their starts falling
  std::vector<Ticks> finish(start.size());
  const auto at = [&](std::int64_t i) { return start[static_cast<std::size_t>(i % n)]; };
  for (std::int64_t i = 0; i < 2 * n; ++i) {
    while (!latest.empty() && at(latest.back()) <= at(i)) latest.pop_back();
    latest.push_back(i);
    while (latest.front() < i - reach) latest.pop_front();
    if (i >= n) finish[static_cast<std::size_t>(i - n)] = at(latest.front()) + steps * cost;
  }
  return finish;
}

std::vector<Ticks> step_by_step(std::vector<Ticks> clocks, std::int64_t steps, Ticks cost) {
  const std::size_t n = clocks.size();
  for (std::int64_t s = 0; s < steps; ++s) {
    std::vector<Ticks> next(n);
    for (std::size_t r = 0; r < n; ++r)
      next[r] = std::max(clocks[r], clocks[(r + n - 1) % n]) + cost;
    clocks = next;
  }
  return clocks;
}

TEST(Clock, RingThatStartsApartIsTheSlidingWindow) {
  for (const std::int64_t n : {2, 7, 33, 257, 4096}) {
    const Machine machine =
        fixtures::machine({{"ring", topology::LevelShape::all_to_all, n, 1e6}}, 1e-6);
    ClockOptions options;
    options.skew = Noise::parse("exponential:7 us");
    const auto run = [&](std::int64_t steps) {
      return bench::run_clock(fixtures::ring_steps(n, steps), machine, Bytes(8), options).finish;
    };
    const std::vector<Ticks> start = run(0);
    EXPECT_NE(*std::max_element(start.begin(), start.end()),
              *std::min_element(start.begin(), start.end()));
    for (const std::int64_t steps :
         {std::int64_t{1}, std::int64_t{2}, n / 2, n - 2, n - 1, n + 3}) {
      if (steps < 1) continue;
      const std::vector<Ticks> wanted = sliding_window(start, steps, 10000);  // 1 us
      EXPECT_EQ(run(steps), wanted) << n << ", " << steps;
      EXPECT_EQ(step_by_step(start, steps, 10000), wanted) << n << ", " << steps;
    }
  }
}

}  // namespace
