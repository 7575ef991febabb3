// The sizes at which AWS Neuron changes its all-reduce inside a trn2 server, from published
// constants: docs/model.md (6).
//
// 64 ranks, four logical cores on each of 16 chips. Mesh: direct writes; RDH: halving over the axes
// of the 2^4-cube after a stage inside the chip; KangaRing: pairs of ranks on two Hamiltonian
// cycles, 31 steps each way. GB/s and us; slopes in ns per byte, 1 / (GB/s).
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "bench/executor/predict.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using bench::predict;
using bench::Prediction;
using fixtures::with_memory;
using kernels::Collective;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;
using topology::Seconds;

constexpr double link = 128;          // one direction, SemiAnalysis 2024-12-03
constexpr double memory = 2900;       // of a chip, AWS Neuron docs
constexpr double engines = 32 * 23;   // of two physical cores, NKI DMA bandwidth guide
constexpr double kanga_hop = 1.5;     // 1 to 2, Neuron docs, intranode-collective-comm
constexpr double diagonal = 3 * 0.3;  // more than a hop to the farthest chip

/// Ranks are logical cores: each has a quarter of its chip's links.
Machine cores(double stage, double inside, double rate = link) {
  Machine machine = fixtures::machine({{"core", LevelShape::all_to_all, 4, inside},
                                       {"x", LevelShape::ring, 4, rate / 4},
                                       {"y", LevelShape::ring, 4, rate / 4}},
                                      stage * 1e-6);
  for (const std::size_t l : {1U, 2U}) machine.levels[l].hop.value = Seconds(diagonal / 3 * 1e-6);
  return machine;
}

/// Both Hamiltonian cycles unrolled: 32 pairs of ranks in a ring, two links to either side.
Machine cycles() {
  return fixtures::machine({{"cycle", LevelShape::ring, 32, 2 * link}}, kanga_hop * 1e-6);
}

Prediction all_reduce(const Machine& machine, const char* algorithm, double size) {
  return predict(Collective::all_reduce, machine, Bytes(size), algorithm);
}

constexpr const char* mesh = "direct(core)+direct(x,y)";
constexpr const char* halving = "direct(core)+rhd(x,y)";
constexpr const char* kanga_ring = "bucket";  // of one ring: both ways round, a lane each

/// T = latency + slope x size, all the way, of all that is compared here.
struct Line {
  double latency;
  double slope;
};

Line line(double small, double large, double step) {
  const double slope = (large - small) / step;
  return {small * 1e6 - slope * step * 1e6, slope * 1e9};
}

Line line(const Machine& machine, const char* algorithm) {
  const double step = 1e8;
  return line(all_reduce(machine, algorithm, step).time.value(),
              all_reduce(machine, algorithm, 2 * step).time.value(),
              step);
}

/// In the pairs of KangaRing a byte touches memory 4 times to be reduced and 3 times to be copied
/// where between single ranks it takes 3 and 2: as if the memory were slower by that.
Line kanga_ring_with_memory() {
  const auto time = [](double size) {
    const Machine reducing = with_memory(cycles(), memory / 2 * 3 / 4);
    const Machine copying = with_memory(cycles(), memory / 2 * 2 / 3);
    return (predict(Collective::reduce_scatter, reducing, Bytes(size), kanga_ring).time +
            predict(Collective::all_gather, copying, Bytes(size), kanga_ring).time)
        .value();
  };
  return line(time(1e8), time(2e8), 1e8);
}

/// Size in MB from which on `large` is faster; negative where it never is.
double switch_point(const Line& small, const Line& large) {
  return (large.latency - small.latency) / (small.slope - large.slope) * 1e-3;
}

TEST(Neuron, TheMeshLoadsLinksByTheMeanHopCount) {
  const Machine machine = fixtures::torus({4, 4});
  const double size = 1 << 20;
  const auto p = predict(Collective::all_gather, machine, Bytes(size), "direct");
  for (const auto& used : p.links)
    EXPECT_EQ(used.load.value(), 32.0 / 15 * (1 - 1.0 / 16) * size / 4) << used.name;
  EXPECT_EQ(p.links.size(), 4U);
}

TEST(Neuron, AutoGoesFromMeshToHalvingNearOneMegabyteOnAServer) {
  const Machine server = topology::load_system("trn2-server");
  const double rate = link * 0.8;  // efficiency of the system file
  // 2 steps of up to four hops against 8 of one; 2 x 8C against 2 x 15C/4 on each link
  const Line direct{4 + 2 * (1.5 + diagonal), 2 * 8.0 / 16 / rate};
  const Line rhd{4 + 8 * 1.5, 2 * 15.0 / 4 / 16 / rate};
  const double switches = switch_point(direct, rhd) * 1e6;
  EXPECT_GT(switches, 0.7e6);
  EXPECT_LT(switches, 1.5e6);
  const auto chosen = [&](double size) { return all_reduce(server, "auto", size).algorithm; };
  EXPECT_EQ(chosen(0.99 * switches), "direct(x,y)");
  EXPECT_EQ(chosen(1.01 * switches), "rhd(x,y)");
  EXPECT_EQ(chosen(1e11), "rhd(x,y)");  // no ring: the same bytes in more steps
}

/// Rotated halving puts no more on a link than a ring does, in a sixth of the steps.
TEST(Neuron, LinksAloneNeverAskForTheRing) {
  const Machine machine = cores(2.5, 1e9);
  EXPECT_EQ(all_reduce(machine, halving, 1e6).rounds, 10);
  EXPECT_EQ(all_reduce(cycles(), kanga_ring, 1e6).rounds, 62);
  const Line rdh = line(machine, halving);
  const Line ring = line(cycles(), kanga_ring);
  EXPECT_NEAR(rdh.latency, 25, 1e-6);
  EXPECT_NEAR(ring.latency, 93, 1e-6);
  EXPECT_NEAR(rdh.slope, 2 * (15.0 / 16) / (4 * link), 1e-8);
  EXPECT_NEAR(ring.slope, 2 * (31.0 / 32) / (4 * link), 1e-8);
  EXPECT_LT(switch_point(rdh, ring), 0);
}

/// A stage inside the chip moves 3/4 of the vector through the engines of a core, before the links
/// work; in a ring of all ranks that is hidden.
TEST(Neuron, TheStageInsideTheChipBringsTheOrderOfNeuron) {
  for (const double stage : {2.0, 3.0}) {
    const Machine machine = cores(stage, engines);
    const Line direct = line(machine, mesh);
    const Line rdh = line(machine, halving);
    const Line ring = line(cycles(), kanga_ring);
    const double inside = 2 * 0.75 / engines;
    EXPECT_NEAR(direct.slope, inside + 2 * 8.0 / 64 / (link / 4), 1e-8);
    EXPECT_NEAR(rdh.slope, inside + 2 * (15.0 / 16) / (4 * link), 1e-8);
    const double first = switch_point(direct, rdh);
    const double second = switch_point(rdh, ring);
    const double saved = 6 * stage - 2 * diagonal;  // 4 steps of the mesh, 10 of RDH
    EXPECT_NEAR(first, saved / (32.0 / 15 - 1) / (2 * (15.0 / 16) / (4 * link)) * 1e-3, 1e-3);
    EXPECT_NEAR(second,
                (62 * kanga_hop - 10 * stage) / (rdh.slope - 2 * (31.0 / 32) / (4 * link)) * 1e-3,
                1e-3);
    EXPECT_GT(first, 1);  // published: mesh below about 1 MB
    EXPECT_LT(first, 4);
    EXPECT_GT(second, 56 / 2);  // published: ring above about 56 MB
    EXPECT_LT(second, 56);
  }
}

/// All of it read and written in memory, one touch after the other.
TEST(Neuron, MemoryTouchesAskForTheRingStillEarlier) {
  const Line rdh = line(with_memory(cores(2.5, engines), memory / 4), halving);
  const Line ring = kanga_ring_with_memory();
  // inside the chip memory binds, between chips the links
  EXPECT_NEAR(rdh.slope, (3 + 2) * 0.75 / (memory / 4) + 2 * (15.0 / 16) / (4 * link), 1e-8);
  EXPECT_NEAR(ring.slope, (4 + 3) * (31.0 / 32) / (memory / 2), 1e-8);
  EXPECT_NEAR(switch_point(rdh, ring), (93 - 25) / (8.8345 - 4.6767), 0.01);  // 16.4 MB
}

/// The calibration of theory 1.5: with a bandwidth term 1.3 times that of the ring, from all else
/// as it stands, RDH gives way where Neuron says it does.
TEST(Neuron, ATermOfOnePointThreeIsTheSwitchPointPublished) {
  for (const double stage : {2.0, 2.5, 3.0}) {
    const Line rdh = line(cores(stage, 1e9, link / 1.3), halving);
    const double size = switch_point(rdh, line(cycles(), kanga_ring));
    const double slopes = 2 * (1.3 * 15 / 16 - 31.0 / 32) / (4 * link);
    EXPECT_NEAR(size, (62 * kanga_hop - 10 * stage) / slopes * 1e-3, 1e-3);
    EXPECT_GT(size, 56) << stage;
    EXPECT_LT(size, 80) << stage;
  }
}

}  // namespace
