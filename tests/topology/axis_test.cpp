#include "topology/axis.hpp"

#include <gtest/gtest.h>

#include "topology/error.hpp"
#include "topology/traffic.hpp"

namespace {

using topology::axis;
using topology::LevelShape;
using topology::Machine;

Machine system(const char* name) {
  return topology::load_system(name);
}

std::vector<std::int64_t> extents(const Machine& machine) {
  std::vector<std::int64_t> all;
  for (const topology::Level& level : machine.levels) all.push_back(level.extent);
  return all;
}

using Extents = std::vector<std::int64_t>;

// rainier: x, y, z of 4, pod 8, building 128, site 8.
TEST(Axis, WholeLevelsAreThoseLevels) {
  const Machine torus = axis(system("rainier"), 1, 64);
  EXPECT_EQ(extents(torus), (Extents{4, 4, 4}));
  const Machine above = axis(system("rainier"), 64, 1024);
  EXPECT_EQ(extents(above), (Extents{8, 128}));
}

TEST(Axis, ASwitchedLevelIsCutAnywhere) {
  const Machine half = axis(system("h100-dgx"), 1, 4);
  EXPECT_EQ(extents(half), (Extents{4}));
  EXPECT_EQ(half.levels[0].reached(), system("h100-dgx").levels[0].reached());
  const Machine across = axis(system("h100-dgx"), 2, 8);
  EXPECT_EQ(extents(across), (Extents{4, 2}));
}

// Two of a ring of four: one link of two, so one direction. Every second member: a message passes
// two links, those of both pairs go half each way round.
TEST(Axis, APartOfARingIsALineAndStridesShareLinks) {
  const Machine rainier = system("rainier");
  const topology::Level& x = rainier.levels[0];
  const Machine first = axis(rainier, 1, 2);
  ASSERT_EQ(extents(first), (Extents{2}));
  EXPECT_DOUBLE_EQ(first.levels[0].links.value, x.links.value);
  const Machine apart = axis(rainier, 2, 2);
  ASSERT_EQ(extents(apart), (Extents{2}));
  EXPECT_DOUBLE_EQ(apart.levels[0].links.value, x.links.value);
  EXPECT_DOUBLE_EQ(apart.levels[0].latency.value.value(), (x.latency.value + x.hop.value).value());
}

// Two members of a part exchange bytes as all such pairs of the whole ring do, link by link.
TEST(Axis, PairsTakeAsLongAsOnTheRingThatTheyAreCutFrom) {
  for (const std::int64_t stride : {1, 2, 4, 8}) {
    const Machine torus = system("tpu-v4");  // rings of 16
    const Machine pair = axis(torus, stride, 2);
    const topology::Bytes bytes(1e9);
    topology::Traffic on_ring(torus);
    on_ring.add(0, {topology::DigitMap::Kind::exclusive_or, stride}, bytes);
    topology::Traffic apart(pair);
    apart.add(0, {topology::DigitMap::Kind::add, 1}, bytes);
    EXPECT_NEAR(apart.time().total().value(),
                on_ring.time().total().value(),
                1e-9 * on_ring.time().total().value())
        << stride;
  }
}

// Tiers between the chips and the one where they meet are climbed at the same loads.
TEST(Axis, ATierAboveGetsNoMoreThanTheTiersBelow) {
  Machine machine = topology::load_system("rainier", {"pod.bandwidth=10 GB/s"});
  const Machine above = axis(machine, 512, 128);
  ASSERT_EQ(extents(above), (Extents{128}));
  EXPECT_DOUBLE_EQ(above.levels[0].bandwidth.value.value(), 10e9);
}

TEST(Axis, RefusesWhatDoesNotDivide) {
  EXPECT_THROW((void)axis(system("rainier"), 1, 3), topology::Error);
  EXPECT_THROW((void)axis(system("rainier"), 3, 4), topology::Error);
  EXPECT_THROW((void)axis(system("trn2-server"), 1, 32), topology::Error);
}

}  // namespace
