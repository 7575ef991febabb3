// Runs shared among one, two and four ranks, and among threads, are those of one process.
#include <gtest/gtest.h>
#include <omp.h>

#include "bench/executor/ranks.hpp"
#include "bench/reliability/levers.hpp"
#include "bench/reliability/runs.hpp"
#include "kernels/reliability/goodput.hpp"
#include "tests/kernels/reliability/job.hpp"

namespace {

using bench::world;
using kernels::Reliability;
using kernels::Run;
using topology::Seconds;

Reliability some_job() {
  Reliability job = fixtures::job_of(524288, 60, 5);
  job.interval = kernels::best_interval(job);
  return job;
}

void expect_equal(const std::vector<Run>& some, const std::vector<Run>& others) {
  ASSERT_EQ(some.size(), others.size());
  for (std::size_t i = 0; i < some.size(); ++i) {
    EXPECT_EQ(some[i].of, others[i].of) << i;
    EXPECT_EQ(some[i].failures, others[i].failures) << i;
  }
}

TEST(GoodputRanks, MakeTheRunsOfOneProcess) {
  const Seconds duration(86400);
  for (const std::int64_t runs : {1, 3, 50}) {
    const auto together =
        bench::simulate_runs(some_job(), duration, runs, 3, world().rank, world().size);
    expect_equal(together, bench::simulate_runs(some_job(), duration, runs, 3));
  }
}

TEST(GoodputRanks, ThreadsMakeNoDifference) {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  const auto one = bench::simulate_runs(some_job(), Seconds(86400), 20, 3);
  omp_set_num_threads(3);
  const auto three = bench::simulate_runs(some_job(), Seconds(86400), 20, 3);
  omp_set_num_threads(threads);
  expect_equal(one, three);
}

/// Each change is that of the closed form, and nothing helps more than the first one.
TEST(Levers, AreChangesOfTheClosedForm) {
  const Reliability job = some_job();
  const auto levers = bench::levers(job, true);
  ASSERT_FALSE(levers.empty());
  Reliability half = job;
  half.restart = half.restart / 2;
  bool seen = false;
  for (const bench::Lever& lever : levers) {
    EXPECT_LE(lever.gain(), levers.front().gain());
    if (lever.figure != "restart") continue;
    seen = true;
    EXPECT_NEAR(lever.half.value_or(0),
                kernels::expected_goodput(half) - kernels::expected_goodput(job),
                1e-12);
  }
  EXPECT_TRUE(seen);
  EXPECT_EQ(levers.front().figure, "failure rate");
}

/// A replica of half of the chips cannot be doubled.
TEST(Levers, LeaveOutJobsThatCannotBe) {
  Reliability job = some_job();
  job.recovery = kernels::Recovery::replica;
  job.replica = job.chips / 2;
  job.interval = {};
  for (const bench::Lever& lever : bench::levers(job, true))
    if (lever.figure == "chips of a replica") {
      EXPECT_FALSE(lever.twice);
      EXPECT_TRUE(lever.half);
    }
}

}  // namespace
