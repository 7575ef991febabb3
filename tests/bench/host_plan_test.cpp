// What ranks of one host put and take, without running it.
#include "bench/executor/host_plan.hpp"

#include <gtest/gtest.h>

#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using bench::HostStep;
using kernels::Collective;

constexpr std::int64_t count = 1200;  // divides by all numbers of ranks here

std::vector<HostStep> plan_of(Collective collective, std::int64_t ranks, const char* algorithm) {
  const auto schedule = kernels::build(collective, fixtures::switched(ranks), algorithm);
  const bool chunked = kernels::info(collective).chunked_ends;
  return bench::host_plan(
      schedule, 1, {count, 4, chunked ? static_cast<std::size_t>(4 * count / ranks) : 0});
}

std::size_t put_bytes(const std::vector<HostStep>& steps) {
  std::size_t bytes = 0;
  for (const HostStep& step : steps)
    for (const bench::Put& put : step.puts) bytes += put.bytes;
  return bytes;
}

/// Whoever reads it, a byte is put once: S, and S (n-1)/n for the chunks that others reduce and the
/// one that is sent back.
TEST(HostPlan, PutsWhatIsSentToSeveralOnce) {
  for (const std::int64_t n : {2, 3, 4, 5}) {
    EXPECT_EQ(put_bytes(plan_of(Collective::all_reduce, n, "oneshot")), 4U * count);
    EXPECT_EQ(put_bytes(plan_of(Collective::all_reduce, n, "direct")),
              static_cast<std::size_t>(4 * count * (n - 1) / n + 4 * count / n));
    EXPECT_EQ(put_bytes(plan_of(Collective::all_gather, n, "direct")),
              static_cast<std::size_t>(4 * count / n));
    EXPECT_EQ(put_bytes(plan_of(Collective::all_to_all, n, "direct")),
              static_cast<std::size_t>(4 * count * (n - 1) / n));
  }
}

/// The same order on every rank gives the same bits.
TEST(HostPlan, ReducesInTheOrderOfTheRanks) {
  const auto steps = plan_of(Collective::all_reduce, 5, "oneshot");
  ASSERT_EQ(steps.size(), 1U);
  ASSERT_EQ(steps[0].takes.size(), 1U);
  const bench::Take& take = steps[0].takes[0];
  EXPECT_EQ(take.bytes, 4U * count);
  EXPECT_TRUE(take.last);
  ASSERT_EQ(take.from.size(), 5U);
  for (int r = 0; r < 5; ++r) {
    EXPECT_EQ(take.from[static_cast<std::size_t>(r)].rank, r);
    EXPECT_EQ(take.from[static_cast<std::size_t>(r)].own, r == 1);
  }
}

/// A ring adds what arrives to the input where nothing has been added yet, and sends that on.
TEST(HostPlan, ReadsTheInputUntilThereIsASum) {
  const auto steps = plan_of(Collective::reduce_scatter, 4, "ring");
  ASSERT_EQ(steps.size(), 3U);
  for (std::size_t s = 0; s < 3; ++s) {
    ASSERT_EQ(steps[s].puts.size(), 1U);
    EXPECT_EQ(steps[s].puts[0].from_output, s > 0) << s;
    for (const bench::Operand& o : steps[s].takes[0].from) EXPECT_FALSE(o.from_output);
    EXPECT_EQ(steps[s].takes[0].last, s == 2) << s;
    EXPECT_EQ(steps[s].writers, std::vector<int>{0});
    EXPECT_EQ(steps[s].readers, std::vector<int>{2});
  }
}

/// What an all-to-all has received is not what it sends.
TEST(HostPlan, AnAllToAllPutsItsInputOnly) {
  for (const HostStep& step : plan_of(Collective::all_to_all, 5, "pairwise"))
    for (const bench::Put& put : step.puts) EXPECT_FALSE(put.from_output);
}

}  // namespace
