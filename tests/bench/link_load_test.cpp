// The loads of links against exact tables.
#include <cmath>

#include <gtest/gtest.h>

#include "bench/executor/predict.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using bench::predict;
using kernels::Collective;
using topology::Bytes;
using topology::Machine;

/// Of a reduce-scatter over a torus of links of one byte per second, relative to (1 - 1/N) B /
/// (2D): `sync` sums over the rounds the load of the round's most loaded link, `async` takes the
/// most loaded link of all rounds together.
struct LinkFactor {
  double sync = 0;
  double async = 0;
  std::int64_t rounds = 0;
};

LinkFactor link_factor(const std::vector<std::int64_t>& extents, const std::string& algorithm) {
  Machine machine = fixtures::torus(extents);
  for (auto& level : machine.levels) level.bandwidth.value = topology::BytesPerSecond(1);
  const double n = static_cast<double>(machine.chips());
  const double ports = 2.0 * static_cast<double>(extents.size());
  const double size = n * ports * 1024;  // a multiple of all shares, so nothing rounds
  const auto schedule = kernels::build(Collective::reduce_scatter, machine, algorithm);
  const auto p = predict(schedule, machine, Bytes(size));
  const double least = (1 - 1 / n) * size / ports;
  return {p.transfer.value() / least, p.bottleneck()->load.value() / least, p.rounds};
}

/// Of the algorithm over all dimensions of the torus, in the order of fixtures::torus.
std::string over(const std::string& name, std::size_t dimensions, bool one_port) {
  const std::string levels = std::string("x,y,z,w").substr(0, 2 * dimensions - 1);
  return name + "(" + levels + (one_port ? ";ports=1)" : ")");
}

/// Published link loads (docs/model.md): enumerated with rational arithmetic, every flow routed,
/// ties split; to the digits given there.
struct LinkLoadRow {
  std::vector<std::int64_t> extents;
  double bucket1, bucket, xor1, xors, swing1, swing;
};

TEST(LinkLoads, LinkLoadFactorsOfTheTorus) {
  const std::vector<LinkLoadRow> table{
      {{4, 4}, 4, 1, 4, 2, 4, 1},
      {{4, 4, 4}, 6, 1, 6, 2, 6, 1},
      {{8, 8}, 4, 1, 4.952, 2.476, 4.190, 1.095},
      {{16, 16}, 4, 1, 5.459, 2.729, 4.282, 1.141},
      {{8, 8, 8}, 6, 1, 6.740, 2.247, 6.082, 1.027},
      {{16, 16, 4}, 6, 1.751, 6.827, 2.424, 6.106, 1.085},
      {{64}, 2, 1, 5.587, 5.587, 3.143, 2.143},
  };
  for (const LinkLoadRow& row : table) {
    const std::size_t d = row.extents.size();
    const auto expect = [&](const char* name, bool one_port, double wanted) {
      const double got = link_factor(row.extents, over(name, d, one_port)).sync;
      const bool exact = wanted == std::floor(wanted);
      EXPECT_NEAR(got, wanted, exact ? 1e-15 * wanted : 0.0005)
          << over(name, d, one_port) << " on " << row.extents.front() << "^" << d;
    };
    expect("bucket", true, row.bucket1);
    expect("bucket", false, row.bucket);
    expect("xor", true, row.xor1);
    expect("xor", false, row.xors);
    expect("swing", true, row.swing1);
    expect("swing", false, row.swing);
  }
}

TEST(LinkLoads, RotatedHalvingOnRingsOfFourIsPerfect) {
  EXPECT_EQ(link_factor({4, 4}, "rhd").sync, 1.0);
  EXPECT_EQ(link_factor({4, 4, 4}, "rhd").sync, 1.0);
  EXPECT_EQ(link_factor({4, 4}, "rhd(x,y;ports=1)").sync, 4.0);
  EXPECT_EQ(link_factor({4, 4, 4}, "rhd(x,y,z;ports=1)").sync, 6.0);
}

TEST(LinkLoads, FreeRunningLanesLoadTheLinksLess) {
  EXPECT_NEAR(link_factor({16, 16, 4}, "bucket").async, 1.188, 0.0005);
  EXPECT_NEAR(link_factor({16, 16, 4}, "swing").async, 1.068, 0.0005);
  EXPECT_NEAR(link_factor({8, 8}, "xor").async, 2.095, 0.0005);
}

TEST(LinkLoads, StepsOfTheTorus) {
  EXPECT_EQ(link_factor({16, 16, 4}, "bucket(x,y,z;ports=1)").rounds, 33);
  EXPECT_EQ(link_factor({16, 16, 4}, "bucket").rounds, 45);
  EXPECT_EQ(link_factor({16, 16, 4}, "swing").rounds, 10);
  EXPECT_EQ(link_factor({8, 8, 8}, "xor").rounds, 9);
  EXPECT_EQ(link_factor({4, 4, 4}, "rhd").rounds, 6);
}

}  // namespace
