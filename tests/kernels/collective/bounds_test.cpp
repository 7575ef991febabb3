// The closed form of the best possible time against published figures and against schedules.
#include "kernels/collective/bounds.hpp"

#include <gtest/gtest.h>

#include "tests/kernels/collective/machines.hpp"

namespace {

using kernels::Collective;
using kernels::lower_bound;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;

constexpr double gigabyte = 1e9;

/// Trainium2's rates by dimension: 2 x 128 GB/s on X and Y, 2 x 64 GB/s on Z, 25 GB/s of EFA.
Machine trainium2(bool z, std::int64_t network) {
  std::vector<fixtures::LevelShape> levels{{"x", LevelShape::ring, 4, 128},
                                           {"y", LevelShape::ring, 4, 128}};
  if (z) levels.push_back({"z", LevelShape::ring, 4, 64});
  if (network > 1) levels.push_back({"efa", LevelShape::clos, network, 25});
  return fixtures::machine(levels);
}

double all_reduce_ms_per_gigabyte(const Machine& machine) {
  return lower_bound(Collective::all_reduce, machine, Bytes(gigabyte)).bandwidth.value() * 1e3;
}

// Exact values: 2 (1 - 1/16)/512; 2 (1 - 1/64)/640; 2 (1 - 1/N)/665; 2 (1/16 - 1/N)/25, in ms/GB.
TEST(Bound, FourPublishedSystems) {
  const double n = 524288;
  EXPECT_DOUBLE_EQ(all_reduce_ms_per_gigabyte(trainium2(false, 1)), 2e3 * (15.0 / 16) / 512);
  EXPECT_DOUBLE_EQ(all_reduce_ms_per_gigabyte(trainium2(true, 1)), 2e3 * (63.0 / 64) / 640);
  EXPECT_DOUBLE_EQ(all_reduce_ms_per_gigabyte(trainium2(true, 8192)), 2e3 * (1 - 1 / n) / 665);
  EXPECT_DOUBLE_EQ(all_reduce_ms_per_gigabyte(trainium2(false, 32768)),
                   2e3 * (1.0 / 16 - 1 / n) / 25);
  EXPECT_NEAR(all_reduce_ms_per_gigabyte(trainium2(false, 1)), 3.66, 0.005);
  EXPECT_NEAR(all_reduce_ms_per_gigabyte(trainium2(true, 1)), 3.08, 0.005);
  EXPECT_NEAR(all_reduce_ms_per_gigabyte(trainium2(true, 8192)), 3.01, 0.005);
  EXPECT_NEAR(all_reduce_ms_per_gigabyte(trainium2(false, 32768)), 5.00, 0.005);
}

TEST(Bound, NamesTheCut) {
  const auto cut = [](const Machine& m) {
    return lower_bound(Collective::all_reduce, m, Bytes(gigabyte)).binding();
  };
  EXPECT_EQ(cut(trainium2(false, 1)), "{x, y}");
  EXPECT_EQ(cut(trainium2(true, 1)), "{x, y, z}");
  EXPECT_EQ(cut(trainium2(true, 8192)), "{x, y, z, efa}");
  EXPECT_EQ(cut(trainium2(false, 32768)), "{efa}");
}

TEST(Bound, ClosTiersShareOneNic) {
  const Machine one = trainium2(true, 8192);
  Machine tiers = fixtures::machine({{"x", LevelShape::ring, 4, 128},
                                     {"y", LevelShape::ring, 4, 128},
                                     {"z", LevelShape::ring, 4, 64},
                                     {"pod", LevelShape::clos, 8, 25},
                                     {"building", LevelShape::clos, 128, 25},
                                     {"site", LevelShape::clos, 8, 25}});
  EXPECT_DOUBLE_EQ(all_reduce_ms_per_gigabyte(one), all_reduce_ms_per_gigabyte(tiers));
  // An oversubscribed top tier can only slow it, and binds alone once it is slow enough.
  tiers.levels[5].bandwidth.value = topology::BytesPerSecond(1e4);
  EXPECT_EQ(lower_bound(Collective::all_reduce, tiers, Bytes(gigabyte)).binding(), "{site}");
  EXPECT_DOUBLE_EQ(all_reduce_ms_per_gigabyte(tiers),
                   2e3 * gigabyte * (1.0 / 65536 - 1.0 / 524288) / 1e4);
}

TEST(Bound, AllToAllIsTheBisection) {
  const auto ms = [](const Machine& m) {
    return lower_bound(Collective::all_to_all, m, Bytes(gigabyte)).bandwidth.value() * 1e3;
  };
  EXPECT_DOUBLE_EQ(ms(trainium2(true, 1)), 1e3 / 128);   // Z: size n / (8 w) = 4/(8*64)
  EXPECT_DOUBLE_EQ(ms(trainium2(false, 1)), 1e3 / 256);  // X, Y
  // Out of the UltraServer through 25 GB/s: all but 64 of 524,288 chunks.
  EXPECT_DOUBLE_EQ(ms(trainium2(true, 8192)), 1e3 * (1 - 64.0 / 524288) / 25);
}

TEST(Bound, ARootIsBoundByItsPortsOrItsBlock) {
  const auto ms = [](Collective collective, const Machine& m) {
    return lower_bound(collective, m, Bytes(gigabyte)).bandwidth.value() * 1e3;
  };
  const double n = 524288;
  for (const Collective c : {Collective::broadcast, Collective::reduce}) {
    EXPECT_DOUBLE_EQ(ms(c, trainium2(true, 1)), 1e3 / 640);
    EXPECT_DOUBLE_EQ(ms(c, trainium2(true, 8192)), 1e3 / 665);
  }
  for (const Collective c : {Collective::gather, Collective::scatter}) {
    EXPECT_DOUBLE_EQ(ms(c, trainium2(false, 1)), 1e3 * (15.0 / 16) / 512);
    EXPECT_DOUBLE_EQ(ms(c, trainium2(true, 8192)), 1e3 * (1 - 1 / n) / 665);
  }
  // 16 NICs of 1 GB/s let a broadcast out of an instance, the ports of its root are faster.
  Machine slow = trainium2(false, 8);
  slow.levels[2].bandwidth.value = topology::BytesPerSecond(1e9);
  EXPECT_DOUBLE_EQ(ms(Collective::broadcast, slow), 1e3 / 16);
  EXPECT_DOUBLE_EQ(ms(Collective::scatter, slow), 1e3 * (7.0 / 8) / 16);
  EXPECT_EQ(ms(Collective::barrier, slow), 0);
}

TEST(Bound, LatencyIsTheFarthestMessage) {
  Machine machine = trainium2(true, 8192);
  machine.levels[3].latency.value = topology::Seconds(15e-6);
  const auto bound = lower_bound(Collective::all_gather, machine, Bytes(8));
  EXPECT_DOUBLE_EQ(bound.time().value(), 15e-6);
  EXPECT_EQ(bound.binding(), "latency");
}

}  // namespace
