// Runs that count whole cycles at once against a run that takes one event after the other, and
// what must hold of any run.
#include "kernels/reliability/run.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/reliability/gaps.hpp"
#include "kernels/reliability/goodput.hpp"
#include "tests/kernels/reliability/job.hpp"

namespace {

using fixtures::job_of;
using kernels::Recovery;
using kernels::Reliability;
using kernels::Run;
using kernels::RunPart;
using topology::Seconds;

/// The same draws, but each recovery, each piece of work and each save of its own, and a list of
/// the checkpoints that do not count yet.
class Stepped {
 public:
  Stepped(const Reliability& job, double duration, std::uint64_t seed)
      : job_(job), gaps_(job, seed, 0), end_(duration), failure_(gaps_.next()) {}

  Run go() {
    bool recovering = false;
    while (now_ < end_) {
      if (recovering && !spend(RunPart::recovery, job_.restart.value())) continue;
      recovering = false;
      const double worked = worked_;
      const bool whole = work(job_.interval.value());
      if (whole && spend(RunPart::checkpoints, job_.saving.value())) {
        pending_.push_back({now_ + job_.writing.value(), worked + job_.interval.value()});
        continue;
      }
      recovering = true;
    }
    run_[RunPart::useful] = Seconds(worked_);
    return run_;
  }

 private:
  struct Checkpoint {
    double counts_from;
    double worked;
  };

  bool work(double time) {
    const double until = std::min({now_ + time, failure_, end_});
    worked_ += until - now_;
    return arrive(until, now_ + time);
  }

  bool spend(RunPart part, double time) {
    const double until = std::min({now_ + time, failure_, end_});
    run_[part] += Seconds(until - now_);
    return arrive(until, now_ + time);
  }

  /// @return whether it took its time
  bool arrive(double until, double wanted) {
    now_ = until;
    if (until == end_ || until != failure_) return until == wanted;
    ++run_.failures;
    for (const Checkpoint& c : pending_)
      if (c.counts_from <= now_) saved_ = c.worked;
    pending_.clear();
    run_[RunPart::lost] += Seconds(worked_ - saved_);
    worked_ = saved_;
    (void)gaps_.uniform();  // whether a unit is replaced
    failure_ = now_ + gaps_.next();
    return false;
  }

  const Reliability& job_;
  kernels::Gaps gaps_;
  double end_;
  double failure_;
  double now_ = 0;
  double worked_ = 0;
  double saved_ = 0;
  std::vector<Checkpoint> pending_;
  Run run_;
};

TEST(RunOfAJob, IsThatOfSingleEvents) {
  for (const double writing : {0.0, 3.0, 90.0})
    for (const double shape : {1.0, 0.7})
      for (const double downtime : {0.0, 600.0}) {
        Reliability job = job_of(100000, downtime, 10);
        job.interval = Seconds(100);
        job.writing = Seconds(writing);
        job.shape = shape;
        const Seconds duration = job.mean_time() * 500.5;
        const kernels::Run expected = Stepped(job, duration.value(), 9).go();
        const kernels::Run run = kernels::simulate_run(job, duration, 9, 0);
        EXPECT_EQ(run.failures, expected.failures);
        EXPECT_GT(run.failures, 300);
        for (std::size_t i = 0; i < kernels::run_parts; ++i)
          EXPECT_NEAR(run.of.at(i).value(), expected.of.at(i).value(), 1e-3)
              << name(static_cast<RunPart>(i)) << ' ' << writing << ' ' << downtime;
      }
}

TEST(RunOfAJob, PartsAddUpToIt) {
  for (const Recovery recovery : {Recovery::restart, Recovery::replica})
    for (const std::int64_t spare : {0, 5, 1000})
      for (std::uint64_t n = 0; n < 20; ++n) {
        Reliability job = job_of(524288, 60, 5);
        job.recovery = recovery;
        job.replica = 4096;
        job.unit = 64;
        job.regrouping = Seconds(10);
        job.interval = Seconds(60);
        job.replaced = 0.8;
        job.repair = Seconds(8 * 3600);
        job.spare = spare;
        job.straggling = 0.1;
        const Seconds duration(3 * 86400);
        const kernels::Run run = kernels::simulate_run(job, duration, 1, n);
        EXPECT_NEAR(run.total() / duration, 1, 1e-9);
        for (const Seconds part : run.of) EXPECT_GE(part.value(), 0);
        EXPECT_EQ(run[RunPart::waiting] > Seconds{}, spare < 1000);
      }
}

/// Gaps of a Weibull law have the mean that is asked for, and the quantiles of the law.
TEST(RunOfAJob, GapsHaveTheirLaw) {
  for (const double shape : {0.5, 0.7, 1.0, 2.0}) {
    Reliability job = job_of(16384, 0, 0);
    job.shape = shape;
    kernels::Gaps gaps(job, 4, 2);
    std::vector<double> all(1000000);
    double sum = 0;
    for (double& gap : all) sum += gap = gaps.next() / job.mean_time().value();
    EXPECT_NEAR(sum / static_cast<double>(all.size()), 1, 0.012) << shape;
    const double scale = 1 / std::tgamma(1 + 1 / shape);
    for (const double p : {0.1, 0.5, 0.9}) {
      const double limit = scale * std::pow(-std::log1p(-p), 1 / shape);
      const auto below = std::count_if(all.begin(), all.end(), [=](double g) { return g < limit; });
      EXPECT_NEAR(static_cast<double>(below) / static_cast<double>(all.size()), p, 0.0025);
    }
  }
}

TEST(RunOfAJob, IsAFunctionOfSeedAndNumber) {
  Reliability job = job_of(100000, 600, 30);
  job.interval = Seconds(400);
  const Seconds duration(10 * 86400);
  const kernels::Run run = kernels::simulate_run(job, duration, 1, 7);
  EXPECT_EQ(run.of, kernels::simulate_run(job, duration, 1, 7).of);
  EXPECT_NE(run.of, kernels::simulate_run(job, duration, 1, 8).of);
  EXPECT_NE(run.of, kernels::simulate_run(job, duration, 2, 7).of);
}

}  // namespace
