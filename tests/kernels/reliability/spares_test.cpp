// Tails and waits against direct sums and published figures.
#include "kernels/reliability/spares.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "tests/kernels/reliability/job.hpp"

namespace {

using kernels::Recovery;
using kernels::Reliability;
using topology::Seconds;

/// P(X > s) by the whole distribution, one trial after the other.
double direct_tail(int units, double share, int s) {
  std::vector<double> chance(static_cast<std::size_t>(units) + 1, 0);
  chance[0] = 1;
  for (int trial = 0; trial < units; ++trial)
    for (int k = trial + 1; k >= 0; --k) {
      const auto at = static_cast<std::size_t>(k);
      chance[at] = chance[at] * (1 - share) + (k > 0 ? chance[at - 1] * share : 0);
    }
  double sum = 0;
  for (int k = units; k > s; --k) sum += chance[static_cast<std::size_t>(k)];
  return sum;
}

TEST(Spares, TailsAreDirectSums) {
  for (const int units : {1, 2, 7, 144, 1000})
    for (const double share : {0.001, 0.03, 0.5, 0.97})
      for (const int s : {0, 1, 3, units / 2, units - 1, units}) {
        const double expected = direct_tail(units, share, s);
        EXPECT_NEAR(kernels::binomial_tail(units, share, s), expected, 1e-12 + 1e-9 * expected)
            << units << ' ' << share << ' ' << s;
      }
}

TEST(Spares, AreTheFewestOfADirectSum) {
  for (const double share : {0.001, 0.02, 0.3})
    for (const double risk : {0.05, 1e-3, 1e-6}) {
      int s = 0;
      while (direct_tail(500, share, s) >= risk) ++s;
      EXPECT_EQ(kernels::spares_needed(500, share, risk), s) << share << ' ' << risk;
    }
}

/// 1 - e^-m (1 + m + m^2/2 + …), and the limit of many units that seldom fail.
TEST(Spares, PoissonIsTheLimitOfManyUnits) {
  for (const double mean : {0.1, 2.0, 82.0, 900.0})
    for (const int s : {0, 1, 70, 110, 1000}) {
      double below = 0;
      for (int k = 0; k <= s; ++k)
        below += std::exp(k * std::log(mean) - mean - std::lgamma(k + 1));
      EXPECT_NEAR(kernels::poisson_tail(mean, s), 1 - below, 1e-10) << mean << ' ' << s;
      EXPECT_NEAR(
          kernels::binomial_tail(100000000, mean / 1e8, s), kernels::poisson_tail(mean, s), 1e-5);
    }
}

/// All failures at the rate of Llama 3 taking an UltraServer for 8 h: 82 of 8,192 are down on
/// average, 110 at 99.9 %.
TEST(Spares, OfProjectRainier) {
  Reliability job = fixtures::job_of(524288, 600, 30);
  job.unit = 64;
  job.replaced = 1;
  job.repair = Seconds(8 * 3600);
  const double share = kernels::share_in_repair(job);
  EXPECT_NEAR(8192 * share, 82, 0.5);
  EXPECT_NEAR(static_cast<double>(kernels::spares_needed(8192, share, 1e-3)), 110, 2);
}

/// B(0) = 1, B(c) = a B(c-1) / (c + a B(c-1)).
TEST(Spares, AJobWaitsByErlangsFormula) {
  Reliability job = fixtures::job_of(524288, 600, 30);
  job.replaced = 0.8;
  job.repair = Seconds(8 * 3600);
  const double load = job.job_rate() * job.repair * 0.8;
  double erlang = 1;
  for (int c = 1; c <= 130; ++c) {
    erlang = load * erlang / (c + load * erlang);
    job.spare = c - 1;
    EXPECT_NEAR(kernels::waiting_share(job) / erlang, 1, 1e-9) << c;
  }
  job.spare.reset();
  EXPECT_EQ(kernels::waiting_share(job), 0);
}

/// Two replicas, no spare, load 2 in all: 0, 1, 2 in repair are as 1 : 2 : 2 x 1 / 2, so that
/// (2 x 1/2 + 1 x 1) / 4 wait.
TEST(Spares, ReplicasWaitAlone) {
  Reliability job = fixtures::job_of(128, 600, 30);
  job.recovery = Recovery::replica;
  job.replica = 64;
  job.replaced = 1;
  job.spare = 0;
  job.repair = job.mean_time() * 2;
  EXPECT_NEAR(kernels::waiting_share(job), 0.5, 1e-12);
}

}  // namespace
