// The model against exact tables, closed forms and its own bound.
#include "bench/executor/predict.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using bench::predict;
using kernels::Collective;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;

/// Sum over rounds of the load on the round's most loaded link, over (1 - 1/N) B / (2D): the factor
/// of the published table, synchronous. B is a multiple of all shares, so nothing rounds.
double link_factor(const std::vector<std::int64_t>& extents, const std::string& algorithm) {
  Machine machine = fixtures::torus(extents);
  for (auto& level : machine.levels) level.bandwidth.value = topology::BytesPerSecond(1);
  const double n = static_cast<double>(machine.chips());
  const double ports = 2.0 * static_cast<double>(extents.size());
  const double size = n * ports * 1024;
  const auto schedule = kernels::build(Collective::reduce_scatter, machine, algorithm);
  const double load = predict(schedule, machine, Bytes(size)).transfer.value();
  return load / ((1 - 1 / n) * size / ports);
}

TEST(Predict, LinkLoadFactorsOfTheTorus) {
  EXPECT_EQ(link_factor({4, 4}, "rhd"), 1.0);
  EXPECT_EQ(link_factor({4, 4, 4}, "rhd"), 1.0);
  EXPECT_EQ(link_factor({4, 4}, "rhd(x,y;ports=1)"), 4.0);
  EXPECT_EQ(link_factor({4, 4, 4}, "rhd(x,y,z;ports=1)"), 6.0);
  EXPECT_EQ(link_factor({4, 4}, "ring"), 4.0);  // bucket, one port
  EXPECT_EQ(link_factor({4, 4, 4}, "ring"), 6.0);
  EXPECT_EQ(link_factor({8, 8}, "ring"), 4.0);
  EXPECT_EQ(link_factor({64}, "ring"), 2.0);
  EXPECT_NEAR(link_factor({8, 8}, "rhd(x,y;ports=1)"), 4.952, 0.0005);  // XOR butterfly
  EXPECT_NEAR(link_factor({16, 16}, "rhd(x,y;ports=1)"), 5.459, 0.0005);
  EXPECT_NEAR(link_factor({64}, "rhd(x;ports=1)"), 5.587, 0.0005);
}

TEST(Predict, AllGatherMirrorsReduceScatter) {
  const Machine machine = fixtures::torus({4, 8, 2});
  for (const std::string& text : kernels::candidates(Collective::all_gather, machine)) {
    const auto there =
        predict(kernels::build(Collective::reduce_scatter, machine, text), machine, Bytes(1 << 20));
    const auto back =
        predict(kernels::build(Collective::all_gather, machine, text), machine, Bytes(1 << 20));
    const auto both =
        predict(kernels::build(Collective::all_reduce, machine, text), machine, Bytes(1 << 20));
    EXPECT_DOUBLE_EQ(there.time.value(), back.time.value()) << text;
    EXPECT_DOUBLE_EQ(both.time.value(), 2 * there.time.value()) << text;
  }
}

/// a + bytes/w, by hand, on a switch.
TEST(Predict, ClosedFormsOnASwitch) {
  for (const std::int64_t n : {2, 4, 16, 64}) {
    const Machine machine = fixtures::machine({{"s", LevelShape::all_to_all, n, 10}}, 2e-6);
    const double size = 1e6;
    const double share = size * static_cast<double>(n - 1) / static_cast<double>(n) / 10e9;
    const auto time = [&](Collective c, const char* algorithm) {
      return predict(kernels::build(c, machine, algorithm), machine, Bytes(size)).time.value();
    };
    const double log = std::log2(static_cast<double>(n));
    EXPECT_NEAR(time(Collective::all_reduce, "ring"),
                2 * ((static_cast<double>(n) - 1) * 2e-6 + share),
                1e-15);
    EXPECT_NEAR(time(Collective::all_reduce, "rhd"), 2 * (log * 2e-6 + share), 1e-15);
    EXPECT_NEAR(time(Collective::all_reduce, "direct"), 2 * (2e-6 + share), 1e-15);
    EXPECT_NEAR(time(Collective::all_to_all, "direct"), 2e-6 + share, 1e-15);
  }
}

/// theory 1.7: 8,192 UltraServers, 1.5 us inside, 15 us over EFA; latency and time in ms.
TEST(Predict, AllReduceAt524288Chips) {
  Machine machine = fixtures::machine({{"x", LevelShape::ring, 4, 640.0 / 6},
                                       {"y", LevelShape::ring, 4, 640.0 / 6},
                                       {"z", LevelShape::ring, 4, 640.0 / 6},
                                       {"efa", LevelShape::clos, 8192, 25}},
                                      1.5e-6);
  machine.levels[3].latency.value = topology::Seconds(15e-6);
  const auto at = [&](double mebibytes) {
    return predict(
        Collective::all_reduce, machine, Bytes(mebibytes * 1048576), "rhd(x,y,z)+rhd(efa;ports=1)");
  };
  EXPECT_NEAR(at(1).latency.value() * 1e3, 0.408, 0.0005);
  EXPECT_NEAR(at(1).time.value() * 1e3, 0.41, 0.005);
  EXPECT_NEAR(at(64).time.value() * 1e3, 0.70, 0.005);
  EXPECT_NEAR(at(1024).time.value() * 1e3, 5.05, 0.005);
  EXPECT_NEAR(at(8192).time.value() * 1e3, 37.6, 0.05);
  EXPECT_EQ(at(1).rounds, 2 * (6 + 13));
}

TEST(Predict, NeverBeatsTheBoundAndSaysWhatBinds) {
  for (const Machine& machine : {fixtures::torus({4, 4, 4}),
                                 fixtures::switched(24),
                                 fixtures::machine({{"x", LevelShape::ring, 4, 128},
                                                    {"y", LevelShape::ring, 4, 64},
                                                    {"sled", LevelShape::all_to_all, 4, 300},
                                                    {"t", LevelShape::ring, 2, 30},
                                                    {"pod", LevelShape::clos, 8, 25},
                                                    {"site", LevelShape::clos, 4, 12}},
                                                   2e-6)})
    for (const kernels::CollectiveInfo& row : kernels::collectives())
      for (const std::string& text : kernels::candidates(row.id, machine))
        for (double size = 1024; size < 1e10; size *= 32) {
          const auto p = predict(kernels::build(row.id, machine, text), machine, Bytes(size));
          EXPECT_LE(p.fraction_of_bound(), 1 + 1e-12) << row.name << " " << text << " " << size;
          ASSERT_NE(p.bottleneck(), nullptr);
          EXPECT_NEAR((p.latency + p.transfer + p.reduction).value(),
                      p.time.value(),
                      1e-12 * p.time.value());
        }
}

TEST(Predict, MultiPortHalvingMeetsTheBoundOnEqualTori) {
  for (const std::vector<std::int64_t>& extents : {std::vector<std::int64_t>{4, 4}, {4, 4, 4}}) {
    const Machine machine = fixtures::torus(extents);
    const auto p = predict(Collective::all_reduce, machine, Bytes(384 << 20), "rhd");
    EXPECT_NEAR(p.fraction_of_bound(), 1, 1e-12);
  }
}

TEST(Predict, BestIsNoSlowerThanAnyNamedAlgorithm) {
  const Machine machine =
      fixtures::machine({{"x", LevelShape::ring, 4, 128}, {"pod", LevelShape::clos, 8, 25}}, 5e-6);
  for (double size = 64; size < 1e10; size *= 16) {
    const auto best = bench::predict_best(Collective::all_reduce, machine, Bytes(size));
    for (const char* name : {"ring", "rhd", "direct"})
      EXPECT_LE(best.time.value(),
                predict(Collective::all_reduce, machine, Bytes(size), name).time.value());
  }
}

TEST(Predict, MoreBandwidthOrLessLatencyIsNeverSlower) {
  const Machine base =
      fixtures::machine({{"x", LevelShape::ring, 4, 128}, {"pod", LevelShape::clos, 8, 25}}, 5e-6);
  for (const std::string& text : kernels::candidates(Collective::all_reduce, base))
    for (double size = 64; size < 1e10; size *= 64) {
      const double before = predict(Collective::all_reduce, base, Bytes(size), text).time.value();
      for (std::size_t l = 0; l < base.levels.size(); ++l) {
        Machine better = base;
        better.levels[l].bandwidth.value = base.levels[l].bandwidth.value * 2;
        EXPECT_LE(predict(Collective::all_reduce, better, Bytes(size), text).time.value(), before);
        better = base;
        better.levels[l].latency.value = base.levels[l].latency.value * 0.5;
        EXPECT_LE(predict(Collective::all_reduce, better, Bytes(size), text).time.value(), before);
      }
    }
}

}  // namespace
