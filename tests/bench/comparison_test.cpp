// Verdicts on made-up samples whose truth is known: what is slower, how much noise it may hide in.
#include "bench/comparison/comparison.hpp"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

using bench::compare;
using bench::ComparedGroup;
using bench::RunComparison;
using bench::TimedFile;
using bench::TimedPoint;
using bench::Tolerances;
using bench::Verdict;

/// How a run was disturbed, and what was slowed down.
struct Truth {
  double machine = 1;     ///< everything takes so many times as long
  double kernel = 1;      ///< the kernel alone
  double one_point = 1;   ///< of the kernel
  double scatter = 0.05;  ///< of a sample
};

constexpr int sizes = 8;

TimedFile run(const Truth& truth, unsigned seed, bool control = true) {
  std::mt19937 generator(seed);
  std::lognormal_distribution<double> noise(0, truth.scatter);
  TimedFile file;
  file.path = "run" + std::to_string(seed);
  for (int s = 0; s < sizes; ++s) {
    TimedPoint point;
    point.kernel = "all_reduce";
    point.type = "f32";
    point.ranks = 2;
    point.name = std::to_string(s);
    point.size = std::int64_t{1024} << (2 * s);
    const double base = 1e-6 * std::pow(4, s);
    for (int i = 0; i < 20; ++i) {
      const double slow = truth.kernel * (s == 2 ? truth.one_point : 1);
      point.time.push_back(base * truth.machine * slow * noise(generator));
      const double theirs = 3 * base * truth.machine * noise(generator);
      if (control) point.relative.push_back(point.time.back() / theirs);
    }
    file.points.push_back(point);
  }
  return file;
}

RunComparison compared(const Truth& truth, unsigned seed, const Tolerances& tolerances = {}) {
  return compare({run({}, 2 * seed)}, {run(truth, 2 * seed + 1)}, tolerances);
}

/// With cores that far from each other around each point.
TimedFile stood(TimedFile file, const std::vector<double>& core_to_core) {
  for (TimedPoint& point : file.points) point.core_to_core = core_to_core;
  return file;
}

TEST(Comparison, TheSameProgramIsTheSameTwentyTimesOfTwenty) {
  for (unsigned seed = 1; seed <= 20; ++seed)
    EXPECT_FALSE(compared({1, 1, 1, 0.15}, seed).slower()) << seed;
}

TEST(Comparison, AKernelSlowedByAFifthIsFoundTwentyTimesOfTwenty) {
  int held = 0;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const RunComparison comparison = compared({1, 1.2, 1, 0.05}, seed);
    EXPECT_TRUE(comparison.slower()) << seed;
    ASSERT_EQ(comparison.groups.size(), 1U);
    EXPECT_EQ(comparison.groups[0].verdict, Verdict::slower);
    EXPECT_NEAR(comparison.groups[0].ratio, 1.2, 0.03);
    held += comparison.groups[0].interval.holds(1.2) ? 1 : 0;
  }
  EXPECT_GE(held, 17);  // of twenty intervals of 95 %
}

TEST(Comparison, AKernelMadeFasterIsSaidToBe) {
  const RunComparison comparison = compared({1, 1 / 1.3, 1, 0.05}, 1);
  EXPECT_FALSE(comparison.slower());
  EXPECT_EQ(comparison.groups[0].verdict, Verdict::faster);
}

TEST(Comparison, ASlowerMachineIsNotASlowerKernelUnlessTheMachineIsOnTrial) {
  const Truth slower_machine{1.5, 1, 1, 0.05};
  const RunComparison comparison = compared(slower_machine, 1);
  EXPECT_FALSE(comparison.slower());
  EXPECT_NEAR(comparison.groups[0].control.value(), 1.5, 0.05);
  Tolerances alone;
  alone.time_alone = true;
  EXPECT_TRUE(compared(slower_machine, 1, alone).slower());
}

TEST(Comparison, WithoutAControlTimeAloneCounts) {
  const RunComparison comparison =
      compare({run({}, 1, false)}, {run({1.5, 1, 1, 0.05}, 2, false)}, {});
  EXPECT_TRUE(comparison.slower());
  EXPECT_FALSE(comparison.groups[0].relative);
}

TEST(Comparison, OnePointThatFallsOffACliffIsFound) {
  const RunComparison comparison = compared({1, 1, 2, 0.05}, 3);
  EXPECT_TRUE(comparison.slower());
  EXPECT_EQ(comparison.groups[0].verdict, Verdict::same);
  for (const bench::ComparedPoint& point : comparison.groups[0].points)
    EXPECT_EQ(point.verdict, point.name == "2" ? Verdict::slower : Verdict::same);
}

TEST(Comparison, AGroupOfOnePointIsSlowerWithItsWholeInterval) {
  const auto verdict = [](double spread, double slower, double foreign) {
    std::vector<TimedFile> files{run({}, 1, false), run({}, 2, false)};
    for (TimedFile& file : files) file.points.resize(1);
    for (std::size_t i = 0; i < 20; ++i) {
      const double even = 1 + spread * (static_cast<double>(i) / 9.5 - 1);
      files[0].points[0].time[i] = even;
      files[1].points[0].time[i] = slower * even;
    }
    files[1].foreign = foreign;
    return compare({files[0]}, {files[1]}, {}).groups[0].verdict;
  };
  EXPECT_EQ(verdict(0.02, 1.2, 0), Verdict::slower);
  EXPECT_EQ(verdict(0.4, 1.2, 0), Verdict::same);  // in the median, but it may be less than 1.1
  // On a shared machine it is judged as a point.
  EXPECT_EQ(verdict(0.02, 1.4, 0.03), Verdict::same);
  EXPECT_EQ(verdict(0.02, 1.7, 0.03), Verdict::slower);
}

TEST(Comparison, APointMayHaveAToleranceOfItsSize) {
  Tolerances strict;
  strict.sizes = {{16 << 10, 16 << 10, 0.05}};  // point 2
  EXPECT_FALSE(compared({1, 1, 1.25, 0.03}, 4).slower());
  EXPECT_TRUE(compared({1, 1, 1.25, 0.03}, 4, strict).slower());
  strict.sizes = {{64 << 10, 1 << 30, 0.05}};
  EXPECT_FALSE(compared({1, 1, 1.25, 0.03}, 4, strict).slower());
}

TEST(Comparison, PausesOfSomeSamplesAreNoSlowerKernel) {
  TimedFile paused = run({}, 2);
  for (TimedPoint& point : paused.points)
    for (std::size_t i = 0; i < 12; ++i) point.time[i] *= 3;  // others' time slices
  EXPECT_FALSE(compare({run({}, 1)}, {paused}, {}).slower());
}

TEST(Comparison, ReferencesThatDifferWidenTheTolerance) {
  const std::vector<TimedFile> apart{
      run({1, 0.85}, 1, false), run({1, 1}, 2, false), run({1, 1.15}, 3, false)};
  const std::vector<TimedFile> close{run({}, 1, false), run({}, 2, false), run({}, 3, false)};
  const std::vector<TimedFile> slower{run({1, 1.2}, 4, false)};
  EXPECT_FALSE(compare(apart, slower, {}).slower());
  EXPECT_TRUE(compare(close, slower, {}).slower());
}

TEST(Comparison, WhatOthersTookWidensTheToleranceAndTooMuchForbidsAVerdict) {
  TimedFile slower = run({1, 1.2}, 2);
  EXPECT_TRUE(compare({run({}, 1)}, {slower}, {}).slower());
  slower.foreign = 0.03;
  EXPECT_TRUE(compare({run({}, 1)}, {slower}, {}).slower());
  slower.foreign = 0.08;
  slower.stolen = 0.04;
  EXPECT_FALSE(compare({run({}, 1)}, {slower}, {}).slower());
  slower = run({1, 3}, 2);
  slower.foreign = 0.5;
  const RunComparison busy = compare({run({}, 1)}, {slower}, {});
  EXPECT_EQ(busy.groups[0].verdict, Verdict::unjudged);
  EXPECT_FALSE(busy.slower());
  ASSERT_EQ(busy.doubts.size(), 1U);
  Tolerances alone;
  alone.time_alone = true;
  EXPECT_TRUE(compare({run({}, 1)}, {slower}, alone).slower());
}

TEST(Comparison, CoresThatStandFartherApartForbidAVerdictOnCollectivesOnly) {
  const TimedFile then = stood(run({}, 1), {60e-9, 60e-9});
  const auto verdict = [&](const std::vector<double>& distances) {
    return compare({then}, {stood(run({1, 3}, 2), distances)}, {}).groups[0].verdict;
  };
  EXPECT_EQ(verdict({250e-9, 250e-9}), Verdict::unjudged);
  EXPECT_EQ(verdict({65e-9, 250e-9}), Verdict::unjudged);  // moved while it measured
  EXPECT_EQ(verdict({65e-9, 55e-9}), Verdict::slower);
  EXPECT_EQ(verdict({}), Verdict::slower);  // matmuls
}

TEST(Comparison, AGroupIsJudgedByItsPointsThatStoodStill) {
  const TimedFile then = stood(run({}, 1), {60e-9, 60e-9});
  TimedFile now = stood(run({1, 1.2}, 2), {60e-9, 60e-9});
  for (const std::size_t moved : {1U, 2U, 3U}) {
    now.points[moved].core_to_core = {60e-9, 250e-9};
    for (double& time : now.points[moved].time) time *= 10;
    for (double& relative : now.points[moved].relative) relative *= 10;
  }
  const RunComparison comparison = compare({then}, {now}, {});
  EXPECT_EQ(comparison.groups[0].judged(), 5U);
  EXPECT_NEAR(comparison.groups[0].ratio, 1.2, 0.05);
  EXPECT_EQ(comparison.groups[0].verdict, Verdict::slower);
  EXPECT_EQ(comparison.groups[0].points[2].verdict, Verdict::unjudged);
  EXPECT_EQ(comparison.doubts.size(), 1U);
  Tolerances alone;
  alone.time_alone = true;
  EXPECT_EQ(compare({then}, {now}, alone).groups[0].judged(), 8U);
}

TEST(Comparison, CpuTimesTellASlowerKernelFromOthersWhoTakeTime) {
  const auto verdict = [](double time, double cpu, double foreign, double stolen) {
    TimedFile then = run({}, 1);
    TimedFile now = run({1, time}, 2);
    for (TimedPoint& point : then.points) point.cpu = {1};
    for (TimedPoint& point : now.points) point.cpu = {cpu};
    now.foreign = foreign;
    now.stolen = stolen;
    return compare({then}, {now}, {}).groups[0].verdict;
  };
  EXPECT_EQ(verdict(1.2, 1.2, 0.12, 0), Verdict::slower);
  EXPECT_EQ(verdict(1.2, 1.0, 0.12, 0), Verdict::same);  // others' doing
  EXPECT_EQ(verdict(1.2, 1.2, 0, 0.12), Verdict::same);  // other guests may count as our own time
  EXPECT_EQ(verdict(1.2, 1.0, 0, 0), Verdict::slower);   // a thread stands idle
  EXPECT_EQ(verdict(1.0, 1.2, 0.12, 0), Verdict::same);  // nobody waits longer
  EXPECT_EQ(verdict(1.2, 1.2, 0.3, 0), Verdict::unjudged);
}

TEST(Comparison, WhatOthersTookIsNoExcuseForAModelledTime) {
  TimedFile then = run({}, 1, false);
  then.points.resize(1);
  then.points[0].modelled = true;
  then.points[0].time = {1};
  TimedFile now = then;
  now.points[0].time = {1.2};
  now.foreign = 0.15;
  EXPECT_EQ(compare({then}, {now}, {}).groups[0].verdict, Verdict::slower);
  now.foreign = 0.5;
  EXPECT_EQ(compare({then}, {now}, {}).groups[0].verdict, Verdict::slower);
}

TEST(Comparison, WhatIsMissingAndWhatIsNewIsCounted) {
  TimedFile then = run({}, 1);
  TimedFile now = run({}, 2);
  then.points.back().name = "gone";
  const RunComparison comparison = compare({then}, {now}, {});
  EXPECT_EQ(comparison.missing, std::vector<std::string>{"all_reduce f32, 2 ranks: gone"});
  EXPECT_EQ(comparison.added, 1);
  EXPECT_EQ(comparison.groups[0].points.size(), 7U);
}

}  // namespace
