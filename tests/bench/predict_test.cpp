// The model against published tables, closed forms and its own bound.
#include "bench/executor/predict.hpp"

#include <bit>
#include <cmath>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/sanitized.hpp"
#include "topology/error.hpp"

namespace {

using bench::predict;
using kernels::Collective;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;

/// Phase by phase, a hierarchy is what its groups do one after the other on what is left.
TEST(Predict, GroupsOverSomeLevelsAreThePhasesOfAHierarchy) {
  const Machine machine = fixtures::machine({{"x", topology::LevelShape::ring, 4, 100},
                                             {"pod", topology::LevelShape::clos, 2, 25},
                                             {"building", topology::LevelShape::clos, 4, 10},
                                             {"site", topology::LevelShape::clos, 2, 20}},
                                            1e-6);
  for (const char* name : {"ring", "rhd", "direct"}) {
    topology::Seconds sum{};
    std::string whole;
    Bytes left(1 << 28);
    for (const topology::Level& level : machine.levels) {
      const Machine part = topology::group(machine, {level.name});
      const std::string phase = fmt::format("{}({})", name, level.name);
      sum += predict(Collective::reduce_scatter, part, left, phase).time;
      left = left / static_cast<double>(level.extent);
      whole += (whole.empty() ? "" : "+") + phase;
    }
    EXPECT_DOUBLE_EQ(
        predict(Collective::reduce_scatter, machine, Bytes(1 << 28), whole).time.value(),
        sum.value())
        << name;
  }
  // Messages to another site come through the slower tier below: 1/2 of the bytes at 10 GB/s.
  const Machine site = topology::group(machine, {"site"});
  EXPECT_DOUBLE_EQ(predict(Collective::reduce_scatter, site, Bytes(2e9), "ring").transfer.value(),
                   0.1);
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

/// theory 1.6: one ring phase per dimension in a fixed order, one phase after the other, and
/// pipelined; and what keeping all dimensions busy could reach. ms per GB.
TEST(Predict, FixedOrdersOfDimensionsAgainstTheBest) {
  struct Row {
    std::vector<double> rates;  // GB/s of a chip by dimension
    std::vector<std::int64_t> extents;
    double best;
    double pipelined;
    double sequential;
  };

  for (const Row& row : {Row{{256, 256}, {4, 4}, 3.66, 5.86, 7.32},
                         Row{{256, 256, 128}, {4, 4, 4}, 3.08, 5.86, 8.06},
                         Row{{256, 256, 128, 25}, {4, 4, 4, 8192}, 3.01, 5.86, 9.31},
                         Row{{256, 256, 25}, {4, 4, 32768}, 5.00, 5.86, 12.3}}) {
    static constexpr const char* names[] = {"x", "y", "z", "efa"};
    std::vector<fixtures::LevelShape> levels;
    for (std::size_t d = 0; d < row.rates.size(); ++d)
      levels.push_back({names[d], LevelShape::all_to_all, row.extents[d], row.rates[d]});
    const Machine machine = fixtures::machine(levels);
    const auto ms = [&](const char* text) {
      return predict(Collective::all_reduce, machine, Bytes(1e9), text).time.value() * 1e3;
    };
    EXPECT_NEAR(ms("ring"), row.sequential, row.sequential > 10 ? 0.05 : 0.005);
    EXPECT_NEAR(ms("ring*65536"), row.pipelined, 0.005);
    EXPECT_NEAR(
        predict(Collective::all_reduce, machine, Bytes(1e9), "ring").bound.time().value() * 1e3,
        row.best,
        0.005);
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
  // The same in 16 slices, and twice T*.
  const auto sliced = [&](double mebibytes) {
    return predict(Collective::all_reduce,
                   machine,
                   Bytes(mebibytes * 1048576),
                   "rhd(x,y,z)+rhd(efa;ports=1)*16");
  };
  EXPECT_NEAR(sliced(1).time.value() * 1e3, 0.41, 0.005);
  EXPECT_NEAR(sliced(64).time.value() * 1e3, 0.62, 0.005);
  EXPECT_NEAR(sliced(1024).time.value() * 1e3, 3.80, 0.006);
  EXPECT_NEAR(sliced(8192).time.value() * 1e3, 27.5, 0.05);
  EXPECT_NEAR(at(1).bound.bandwidth.value() * 1e3, 0.003, 0.0005);
  EXPECT_NEAR(at(64).bound.bandwidth.value() * 1e3, 0.20, 0.005);
  EXPECT_NEAR(at(1024).bound.bandwidth.value() * 1e3, 3.23, 0.005);
  EXPECT_NEAR(at(8192).bound.bandwidth.value() * 1e3, 25.8, 0.05);
}

/// theory 1.7: ring(64) + ring(8192), and one ring through all chips in 64 channels, which follow
/// each other as slices do; the UltraServer as one level of 640 GB/s a chip.
TEST(Predict, RingsOver524288Chips) {
  Machine machine = fixtures::machine(
      {{"us", LevelShape::all_to_all, 64, 640}, {"efa", LevelShape::clos, 8192, 25}}, 1.5e-6);
  machine.levels[1].latency.value = topology::Seconds(15e-6);
  const auto of = [&](const char* algorithm, double mebibytes) {
    return predict(Collective::all_reduce, machine, Bytes(mebibytes * 1048576), algorithm);
  };
  const auto ms = [&](const char* algorithm, double mebibytes) {
    return of(algorithm, mebibytes).time.value() * 1e3;
  };
  for (const double small : {1.0, 64.0}) EXPECT_NEAR(ms("ring", small), 246, 0.5);
  EXPECT_NEAR(ms("ring", 1024), 251, 0.5);
  EXPECT_NEAR(ms("ring", 8192), 283, 0.5);
  EXPECT_NEAR(of("flat", 1).latency.value() * 1e3, 1794, 0.5);
  for (const double small : {1.0, 64.0}) EXPECT_NEAR(ms("flat*64", small), 1794, 0.5);
  EXPECT_NEAR(ms("flat*64", 1024), 1797, 0.5);
  EXPECT_NEAR(ms("flat*64", 8192), 1821, 0.5);
}

TEST(Predict, SlicesNeverBeatTheBoundAndOneSliceIsNoSlice) {
  const Machine machine = topology::load_system("rainier");
  for (const std::string& text : kernels::candidates(Collective::all_reduce, machine))
    for (double size = 1 << 20; size < 2e10; size *= 64) {
      const auto at = [&](const char* slices) {
        return predict(Collective::all_reduce, machine, Bytes(size), text + slices);
      };
      EXPECT_EQ(at("*1").time.value(), at("").time.value()) << text;
      for (const char* slices : {"*2", "*16", "*1024"})
        EXPECT_LE(at(slices).fraction_of_bound(), 1 + 1e-12) << text << slices;
    }
  for (const char* text : {"ring*0", "ring*-1", "ring*x", "ring*", "ring*65537"})
    EXPECT_THROW((void)kernels::build(Collective::all_reduce, machine, text), topology::Error);
}

/// theory 1.2, in LogGP terms: a = 2 us latency, w = 100 GB/s, and slices follow each other at the
/// rate of the busiest port: the root of a binomial tree sends its log2 n messages one by one.
TEST(Predict, ToARootTheTimesOfTheBooks) {
  constexpr double a = 2e-6;
  constexpr double w = 100e9;
  for (const std::int64_t n : {2, 5, 8, 24, 64}) {
    const Machine machine = fixtures::machine({{"ranks", topology::LevelShape::all_to_all, n}}, a);
    const auto log = static_cast<double>(std::bit_width(static_cast<std::uint64_t>(n - 1)));
    const auto members = static_cast<double>(n);
    for (const double size : {1024.0, 1e9}) {
      const auto expect = [&](Collective collective, const char* text, double wanted) {
        EXPECT_NEAR(
            predict(collective, machine, Bytes(size), text).time.value(), wanted, 1e-12 * wanted)
            << text << " over " << n;
      };
      const double slice = size / 16 / w;
      for (const Collective c : {Collective::broadcast, Collective::reduce}) {
        expect(c, "binomial", log * (a + size / w));
        expect(c, "binomial*16", log * (a + slice) + 15 * log * slice);
        expect(c, "chain", (members - 1) * (a + size / w));
        expect(c, "chain*16", (members - 1) * (a + slice) + 15 * slice);
        expect(c, "ring", (members - 1 + log) * a + 2 * (members - 1) / members * size / w);
      }
      for (const Collective c : {Collective::gather, Collective::scatter})
        expect(c, "binomial", log * a + (members - 1) / members * size / w);
      expect(Collective::barrier, "dissemination", log * a);
    }
  }
}

/// Slices of a chain follow each other at the message rate where bytes are faster: each member
/// sends one message a slice, the root of a binomial tree of 16 four.
TEST(Predict, SmallSlicesFollowAtTheRateOfTheBusiestSender) {
  constexpr double a = 2e-6;
  constexpr double g = 5e-6;
  Machine machine = fixtures::machine({{"ranks", topology::LevelShape::all_to_all, 16}}, a);
  machine.levels[0].gap.value = topology::Seconds(g);
  const double slice = 1600 / 16 / 100e9;
  const auto time = [&](const char* text) {
    return predict(Collective::broadcast, machine, Bytes(1600), text).time.value();
  };
  EXPECT_NEAR(time("chain*16"), 15 * (a + slice) + 15 * g, 1e-15);
  EXPECT_NEAR(time("binomial*16"), 4 * (a + slice) + 15 * 4 * g, 1e-15);
  // A tree of 4: the root to member 2, then that to 1 and 3, a gap between the two.
  machine.levels[0].extent = 4;
  EXPECT_NEAR(time("tree"), 2 * a + 1600 / 100e9 + g, 1e-15);
}

/// Two rings of two, x twice as fast: the lane that ends with x has 2/3 of every chunk. On the way
/// to the root each lane takes one chunk over its first link and two over its last.
TEST(Predict, LanesToARootHaveSharesByTheirLastRing) {
  const Machine machine =
      fixtures::machine({{"x", LevelShape::ring, 2, 100}, {"y", LevelShape::ring, 2, 50}});
  const auto links = predict(Collective::gather, machine, Bytes(12), "binomial").links;
  ASSERT_EQ(links.size(), 2U);
  EXPECT_DOUBLE_EQ(links[0].load.value(), 3 * (1.0 / 3 + 2 * 2.0 / 3));
  EXPECT_DOUBLE_EQ(links[1].load.value(), 3 * (2 * 1.0 / 3 + 2.0 / 3));
}

TEST(Predict, NeverBeatsTheBoundAndSaysWhatBinds) {
  int texts = 0;
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
      for (const std::string& text : kernels::candidates(row.id, machine)) {
        if (fixtures::sanitized && ++texts % 4 != 0) continue;
        const kernels::Schedule schedule = kernels::build(row.id, machine, text);
        for (double size = row.traffic > 0 ? 1024 : 1e10; size < 1e10;
             size *= fixtures::sanitized ? 32'768 : 32) {
          const auto p = predict(schedule, machine, Bytes(size));
          EXPECT_LE(p.fraction_of_bound(), 1 + 1e-12) << row.name << " " << text << " " << size;
          ASSERT_NE(p.bottleneck(), nullptr);
          EXPECT_NEAR((p.latency + p.transfer + p.reduction).value(),
                      p.time.value(),
                      1e-12 * p.time.value());
        }
      }
}

TEST(Predict, MultiPortHalvingMeetsTheBoundOnEqualTori) {
  for (const std::vector<std::int64_t>& extents : {std::vector<std::int64_t>{4, 4}, {4, 4, 4}}) {
    const Machine machine = fixtures::torus(extents);
    const auto p = predict(Collective::all_reduce, machine, Bytes(384 << 20), "rhd");
    EXPECT_NEAR(p.fraction_of_bound(), 1, 1e-12);
  }
}

/// Trainium2's UltraServer: Z links of half the rate. theory 1.6: weights can meet T* there.
TEST(Predict, BalancedLanesKeepUnequalLinksEquallyBusy) {
  const Machine machine = fixtures::machine({{"x", LevelShape::ring, 4, 128},
                                             {"y", LevelShape::ring, 4, 128},
                                             {"z", LevelShape::ring, 4, 64}});
  const auto at = [&](const char* text) {
    return predict(Collective::all_gather, machine, Bytes(1e9), text);
  };
  const double bound = at("rhd").bound.bandwidth.value();
  EXPECT_NEAR(at("rhd(x,y,z;balanced)").bottleneck()->busy.value(), bound, 1e-12 * bound);
  for (const auto& link : at("rhd(x,y,z;balanced)").links)
    EXPECT_NEAR(link.busy.value(), bound, 1e-12 * bound) << link.name;
  EXPECT_NEAR(at("rhd").bottleneck()->busy.value(), bound * 5 / 3, 1e-9 * bound);  // on Z
  EXPECT_NEAR(at("rhd(x,y,z;balanced)*65536").fraction_of_bound(), 1, 1e-4);
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
