// What ranks of several hosts put, take and send, without running it.
#include "bench/executor/mixed_plan.hpp"

#include <array>

#include <gtest/gtest.h>

#include "bench/executor/host_ranks.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using bench::MixedStep;
using bench::Parcel;
using kernels::Collective;

constexpr std::int64_t elements = 1200;  // divides by all numbers of ranks here
constexpr int away = bench::HostRanks::elsewhere;

/// Of rank 1, on a host with rank 0, ranks 2 and 3 on another.
std::vector<MixedStep> plan_of(const char* algorithm, const topology::Machine& group) {
  constexpr std::array places{0, 1, away, away};
  return bench::mixed_plan(
      kernels::build(Collective::all_reduce, group, algorithm), 1, {elements, 4, 0}, places);
}

std::size_t bytes_of(const std::vector<Parcel>& parcels) {
  std::size_t bytes = 0;
  for (const Parcel& parcel : parcels) bytes += parcel.message.bytes;
  return bytes;
}

/// Rings inside the hosts, between them, and inside again.
TEST(MixedPlan, AHierarchyTakesTurns) {
  const auto steps = plan_of("ring(x)+ring(y)", fixtures::torus({2, 2}));
  ASSERT_EQ(steps.size(), 4U);
  for (std::size_t s = 0; s < steps.size(); ++s) {
    const bool between = s == 1 || s == 2;
    EXPECT_EQ(bytes_of(steps[s].sends), between ? elements : 0U) << s;
    EXPECT_EQ(bytes_of(steps[s].receives), between ? elements : 0U) << s;
    EXPECT_EQ(steps[s].late.empty(), !between) << s;
    EXPECT_EQ(steps[s].host.takes.empty(), between) << s;
    EXPECT_EQ(steps[s].host.readers, between ? std::vector<int>{} : std::vector<int>{0}) << s;
    EXPECT_EQ(steps[s].host.writers, between ? std::vector<int>{} : std::vector<int>{0}) << s;
    for (const Parcel& parcel : steps[s].sends) EXPECT_EQ(parcel.message.peer, 3);
  }
}

/// The slot of rank 0, what is the own and what has arrived from 2 and 3: in one take.
TEST(MixedPlan, ReducesInTheOrderOfAllRanks) {
  const auto steps = plan_of("oneshot", fixtures::switched(4));
  ASSERT_EQ(steps.size(), 1U);
  EXPECT_TRUE(steps[0].host.takes.empty());
  ASSERT_EQ(steps[0].late.size(), 1U);
  const std::vector<bench::Operand>& from = steps[0].late[0].from;
  ASSERT_EQ(from.size(), 4U);
  EXPECT_EQ(from[0].rank, 0);
  EXPECT_TRUE(from[1].own);
  for (const std::size_t r : {2UL, 3UL}) {
    EXPECT_EQ(from[r].rank, away);
    EXPECT_EQ(from[r].at, 4U * elements * (r - 2));
  }
  EXPECT_EQ(bench::room(steps[0].receives), 8U * elements);
}

/// Chunks that do not touch are one message; what has arrived lies without gaps.
TEST(MixedPlan, PacksWhatIsNotInOnePiece) {
  const auto steps = plan_of("ring(x)+doubling(y)", fixtures::torus({2, 2}));
  ASSERT_EQ(steps.size(), 3U);
  ASSERT_EQ(steps[1].sends.size(), 1U);
  EXPECT_TRUE(steps[1].sends[0].packed());
  EXPECT_EQ(bytes_of(steps[1].sends), 2U * elements);
  ASSERT_EQ(steps[1].late.size(), 2U);
  for (const std::size_t piece : {0UL, 1UL}) {
    const bench::Operand& arrived = steps[1].late[piece].from.back();
    EXPECT_EQ(arrived.rank, away);
    EXPECT_EQ(arrived.at, piece * elements);
  }
}

}  // namespace
