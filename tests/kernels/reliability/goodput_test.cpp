// Closed forms against published figures, brute force over the interval, and runs drawn at random.
#include "kernels/reliability/goodput.hpp"

#include <array>
#include <cmath>

#include <gtest/gtest.h>

#include "kernels/reliability/spares.hpp"
#include "tests/kernels/reliability/job.hpp"
#include "topology/error.hpp"

namespace {

using fixtures::job_of;
using fixtures::run_with;
using fixtures::share;
using kernels::Recovery;
using kernels::Reliability;
using kernels::RunPart;
using topology::Seconds;

struct Row {
  std::int64_t chips;
  double downtime;
  double saving;
  double mean;
  double interval;
  double goodput;
};

/// At the rate of Llama 3, with the interval of Saxena et al. The first row is that run, of which
/// Meta reports more than 0.9.
TEST(Goodput, IsThatOfTheTableAtTheRateOfLlama3) {
  for (const Row& row : std::array{Row{16384, 600, 30, 11135, 840, 0.880},
                                   Row{100000, 600, 30, 1824, 383, 0.595},
                                   Row{524288, 600, 30, 348, 240, 0.105},
                                   Row{524288, 60, 5, 348, 64, 0.706},
                                   Row{524288, 10, 1, 348, 27, 0.900}}) {
    Reliability job = job_of(row.chips, row.downtime, row.saving);
    EXPECT_NEAR(job.mean_time().value(), row.mean, 0.5);
    job.interval = kernels::available_interval(job.saving, job.mean_time(), job.downtime());
    EXPECT_NEAR(job.interval.value(), row.interval, 0.5);
    EXPECT_NEAR(kernels::expected_goodput(job), row.goodput, 0.0005);
  }
}

TEST(Goodput, IsBestAtTheBestInterval) {
  for (const double saving : {1e-3, 1.0, 30.0, 3000.0}) {
    Reliability job = job_of(100000, 600, saving);
    job.interval = kernels::best_interval(job);
    const double best = kernels::restart_goodput(job);
    const Seconds found = job.interval;
    for (const double factor : {0.5, 0.9, 0.99, 1.01, 1.1, 2.0}) {
      job.interval = found * factor;
      EXPECT_LT(kernels::restart_goodput(job), best) << saving << ' ' << factor;
    }
  }
}

/// Young's interval is the limit of rare failures.
TEST(Goodput, HasTheIntervalOfYoungWhereSavesAreShort) {
  const Seconds mean(10000);
  const Seconds saving(1e-4);
  EXPECT_NEAR(
      kernels::best_interval(saving, mean) / kernels::young_interval(saving, mean), 1, 1e-4);
  EXPECT_NEAR(kernels::young_interval(Seconds(30), Seconds(11135)).value(), 817.4, 0.05);
}

struct Case {
  double downtime;
  double saving;
  double writing;
  double intervals;  ///< of the best one
};

/// A million failures of each; the error of the mean is below 0.1 % where half of the time is
/// useful.
TEST(Goodput, IsThatOfAMillionFailures) {
  for (const Case& c : std::array{Case{600, 30, 0, 1},
                                  Case{600, 30, 0, 0.3},
                                  Case{60, 5, 0, 1},
                                  Case{600, 2, 60, 1},
                                  Case{60, 2, 200, 3},
                                  Case{60, 2, 200, 1},
                                  Case{0, 1, 0, 5}}) {
    Reliability job = job_of(100000, c.downtime, c.saving);
    job.writing = Seconds(c.writing);
    job.interval = kernels::best_interval(job) * c.intervals;
    check(job);
    const kernels::Run run = run_with(job, 1e6, 11);
    EXPECT_NEAR(static_cast<double>(run.failures), 1e6, 5e3);
    EXPECT_NEAR(share(run, RunPart::useful) / kernels::expected_goodput(job), 1, 0.004)
        << c.downtime << ' ' << c.saving << ' ' << c.writing;
  }
}

/// The job waits for a unit: Erlang's loss formula, of repairs that take equally long.
TEST(Goodput, CountsWaitsForSpares) {
  for (const std::int64_t spare : {0, 1, 3}) {
    Reliability job = job_of(16384, 600, 30);
    job.interval = kernels::best_interval(job);
    job.replaced = 0.75;
    job.repair = Seconds(8 * 3600);
    job.spare = spare;
    const kernels::Run run = run_with(job, 1e6, 5);
    EXPECT_NEAR(share(run, RunPart::waiting), kernels::waiting_share(job), 0.002) << spare;
    EXPECT_NEAR(share(run, RunPart::useful) / kernels::expected_goodput(job), 1, 0.004) << spare;
  }
}

Reliability replicas(std::int64_t chips, std::int64_t replica, double downtime, double stall) {
  Reliability job = job_of(chips, downtime, 0);
  job.recovery = Recovery::replica;
  job.replica = replica;
  job.regrouping = Seconds(stall);
  return job;
}

/// Where failures during a recovery are rare, a replica is up for 1 / (1 + lambda n R) of the time,
/// and the others stall for 1 - 1 / (1 + Lambda t).
TEST(Goodput, OfReplicasIsTheProductOfTwoShares) {
  EXPECT_NEAR(kernels::replica_goodput(replicas(2048, 1024, 180, 0)), 0.9990, 5e-5);
  EXPECT_NEAR(kernels::replica_goodput(replicas(8192, 4096, 600, 0)), 0.987, 5e-4);
  const Reliability all = replicas(524288, 64, 10, 10);
  EXPECT_NEAR(kernels::replica_goodput(all), 0.972, 5e-4);
}

/// Meta, about 100,000 GPUs (arXiv:2602.00277): 44 % where all stall for 10 min after a failure, 80
/// % where they stall for 3. The rate that gives the one gives the other, since a failure during a
/// recovery starts it again: 0.44^0.3 = 0.78.
TEST(Goodput, OfReplicasIsWhatMetaReports) {
  const std::int64_t chips = 98304;
  const double rate = -std::log(0.44) / 600 / static_cast<double>(chips);
  Reliability job = replicas(chips, 16, 180, 180);
  job.rate = topology::Hertz(rate);
  EXPECT_NEAR(kernels::replica_goodput(job), 0.80, 0.025);
}

TEST(Goodput, OfReplicasIsThatOfAMillionFailures) {
  for (const Reliability& job : std::array{replicas(524288, 1024, 600, 10),
                                           replicas(524288, 4096, 600, 180),
                                           replicas(524288, 32768, 600, 600),
                                           replicas(16384, 8192, 6000, 3000)}) {
    const kernels::Run run = run_with(job, 1e6, 3);
    EXPECT_NEAR(share(run, RunPart::useful) / kernels::expected_goodput(job), 1, 0.004)
        << job.replica << ' ' << job.stall().value();
  }
}

/// Replicas that wait do not fail; their stalls are taken to be independent of that.
TEST(Goodput, OfReplicasCountsWaitsForSpares) {
  for (const std::int64_t spare : {0, 40, 60}) {
    Reliability job = replicas(524288, 1024, 600, 10);
    job.unit = 64;
    job.replaced = 0.75;
    job.repair = Seconds(8 * 3600);
    job.spare = spare;
    const kernels::Run run = run_with(job, 1e6, 3);
    EXPECT_NEAR(share(run, RunPart::waiting) / kernels::waiting_share(job), 1, 0.04) << spare;
    EXPECT_NEAR(share(run, RunPart::useful) / kernels::expected_goodput(job), 1, 0.005) << spare;
  }
}

TEST(Goodput, TakesOffStragglersAndCheckpoints) {
  Reliability job = replicas(524288, 1024, 600, 10);
  const double plain = kernels::expected_goodput(job);
  job.straggling = 0.25;
  EXPECT_DOUBLE_EQ(kernels::expected_goodput(job), plain / 1.25);
  job.interval = Seconds(90);
  job.saving = Seconds(10);
  EXPECT_DOUBLE_EQ(kernels::expected_goodput(job), plain / 1.25 * 0.9);
  const kernels::Run run = run_with(job, 1e5, 1);
  EXPECT_NEAR(run[RunPart::checkpoints] /
                  (run[RunPart::useful] + run[RunPart::stragglers] + run[RunPart::checkpoints]),
              0.1,
              1e-9);
  EXPECT_NEAR(run[RunPart::stragglers] / run[RunPart::useful], 0.25, 1e-9);
}

TEST(Goodput, RefusesWhatCannotBe) {
  const auto refused = [](auto change) {
    Reliability job = job_of(16384, 600, 30);
    job.interval = Seconds(800);
    check(job);  // good until then
    change(job);
    EXPECT_THROW(check(job), topology::Error);
  };
  refused([](Reliability& j) { j.rate = topology::Hertz(-1e-9); });
  refused([](Reliability& j) { j.rate = topology::Hertz(0); });
  refused([](Reliability& j) { j.shape = 0; });
  refused([](Reliability& j) { j.interval = Seconds(0); });
  refused([](Reliability& j) { j.writing = Seconds(831); });
  refused([](Reliability& j) { j.detection = Seconds(-1); });
  refused([](Reliability& j) { j.spare = -1; });
  const auto no_replica = [&refused](std::int64_t chips, double regrouping) {
    refused([=](Reliability& j) {
      j.recovery = Recovery::replica;
      j.unit = 64;
      j.replica = chips;
      j.regrouping = Seconds(regrouping);
    });
  };
  no_replica(1000, 1);
  no_replica(32, 1);
  no_replica(16384, 1);
  no_replica(1024, 601);
}

}  // namespace
