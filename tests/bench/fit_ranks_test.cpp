// A model of the host, from messages of real ranks, and what else runs on it.
#include <gtest/gtest.h>
#include <mpi.h>

#include "bench/executor/cpu_share.hpp"
#include "bench/executor/fit.hpp"
#include "tests/bench/ranks.hpp"

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
