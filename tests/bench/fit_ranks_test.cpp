// A model of the host, from messages of real ranks, and what else runs on it.
#include <cstdlib>

#include <gtest/gtest.h>
#include <mpi.h>

#include "bench/executor/cpu_share.hpp"
#include "bench/executor/fit.hpp"
#include "tests/bench/ranks.hpp"
#include "tests/topology/scratch.hpp"
#include "topology/error.hpp"

namespace {

using bench::Lowering;

TEST(Fit, GivesPositiveRatesThatAllRanksShare) {
  if (fixtures::ranks() < 2) GTEST_SKIP() << "needs two ranks";
  const bench::HostFit fit = bench::fit_host();
  const auto& level = fit.machine.levels.front();
  EXPECT_EQ(fit.machine.chips(), fixtures::ranks());
  double mine[2] = {level.latency.value.value(), level.bandwidth.value.value()};
  double first[2] = {mine[0], mine[1]};
  MPI_Bcast(first, 2, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  EXPECT_GT(mine[0], 0);
  EXPECT_GT(mine[1], 0);
  EXPECT_EQ(mine[0], first[0]);
  EXPECT_EQ(mine[1], first[1]);
}

TEST(Fit, OnlyMessagesHaveAGap) {
  if (fixtures::ranks() < 2) GTEST_SKIP() << "needs two ranks";
  const auto gap = [](Lowering lowering) {
    return bench::fit_host(lowering, 4096).machine.levels.front().gap;
  };
  EXPECT_EQ(gap(Lowering::messages).status, topology::Status::derived);
  EXPECT_GE(gap(Lowering::messages).value.value(), 0);
  EXPECT_EQ(gap(Lowering::host).status, topology::Status::assumed);
}

TEST(Fit, EndsWhereTheEnvironmentSays) {
  const auto largest = [](const char* text) {
    setenv("RAINIER_FIT_MAXBYTES", text, 1);
    return bench::largest_exchange();
  };
  EXPECT_EQ(largest("256K"), 256 << 10);
  EXPECT_EQ(largest("1"), 4096);
  EXPECT_EQ(largest("1G"), 32 << 20);
  try {
    ADD_FAILURE() << largest("much");
  } catch (const topology::Error& error) {
    fixtures::expect_mentions(error.what(), "RAINIER_FIT_MAXBYTES: 'much'");
  }
  unsetenv("RAINIER_FIT_MAXBYTES");
  EXPECT_EQ(bench::largest_exchange(), 32 << 20);
}

TEST(CpuWatch, SeesTheRanksAndSharesOfAll) {
  const bench::CpuShare share = bench::CpuWatch().share();
  EXPECT_EQ(share.ranks, fixtures::ranks());
  EXPECT_GE(share.cores, 1);
  EXPECT_EQ(share.oversubscribed(), share.ranks > share.cores);
  for (const double part : {share.foreign, share.stolen}) {
    EXPECT_GE(part, 0);
    EXPECT_LE(part, 1);
  }
}

}  // namespace
