// Collectives to and from a root beside others that could stand in for them (Träff, Gropp, Thakur:
// Self-consistent MPI performance guidelines, TPDS 2010), and where few chips send.
#include <gtest/gtest.h>

#include "bench/executor/predict.hpp"
#include "bench/executor/program_prediction.hpp"
#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/bounds.hpp"
#include "kernels/collective/program.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/sanitized.hpp"
#include "topology/machine.hpp"

namespace {

using kernels::Collective;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;

double best(Collective collective, const Machine& machine, double size) {
  return bench::predict_best(collective, machine, Bytes(size)).time.value();
}

TEST(Guidelines, NothingToOrFromARootIsSlowerThanWhatCouldStandInForIt) {
  for (const char* name : {"rainier", "rainier-trn3", "rainier-trn4", "h100-meta", "tpu-v5e"}) {
    if (fixtures::sanitized && std::string(name).starts_with("rainier-")) continue;
    const Machine machine = topology::load_system(name);
    for (const double size : {1.0 * (16 << 20), 1.0 * (1 << 30)}) {
      if (fixtures::sanitized && size > 1e9) continue;
      const auto of = [&](Collective collective) { return best(collective, machine, size); };
      const auto expect_most = [&](Collective collective, double most) {
        EXPECT_LE(of(collective), most * 1.01)  // they may end with other steps: some latency
            << kernels::info(collective).name << " on " << name << " " << size;
      };
      expect_most(Collective::scatter, of(Collective::broadcast));
      expect_most(Collective::gather, of(Collective::reduce));
      expect_most(Collective::broadcast, of(Collective::scatter) + of(Collective::all_gather));
      expect_most(Collective::reduce, of(Collective::reduce_scatter) + of(Collective::gather));
    }
  }
}

/// 16 switches of 4 hosts, one up-link of a cable's rate each: cables of 1 GB/s and 1 us. Of a
/// broadcast one host of a switch sends at a time, four steps between switches and two within: 20
/// latencies and 6 sizes (SimGrid 3.32: 216.70 us for 32 KiB, tests/simgrid).
TEST(OversubscribedTier, WhoSendsAloneHasTheUpLink) {
  Machine machine =
      fixtures::machine({{"tier1", LevelShape::clos, 4, 1}, {"tier2", LevelShape::clos, 16, 0.25}});
  machine.levels[0].latency.value = topology::Seconds(2e-6);
  machine.levels[1].latency.value = topology::Seconds(4e-6);
  const kernels::Schedule schedule =
      kernels::build(Collective::broadcast, machine, "binomial(tier1,tier2;ports=1)");
  const Bytes size(32768);
  const double wanted = 20e-6 + 6 * size.value() / 1e9;
  EXPECT_NEAR(bench::predict(schedule, machine, size).time.value(), wanted, 1e-12);
  EXPECT_NEAR(bench::predict(kernels::spell_out(schedule, {0, false}), machine, size).time.value(),
              wanted,
              1e-12);
  // All at once each has a quarter of it, for the other 15 of 16 parts of a switch's chunks.
  const auto all = bench::predict(Collective::all_gather, machine, size, "ring(tier1)+ring(tier2)");
  ASSERT_EQ(all.links.size(), 2U);
  EXPECT_NEAR(all.links[1].busy.value(), 15.0 / 64 * size.value() / 0.25e9, 1e-12);
}

/// The root's NIC is no bound where its neighbours' could help, but their up-link is.
TEST(OversubscribedTier, BoundsABroadcastByNicsAndUpLinks) {
  const auto bound = [](double spine) {
    const Machine machine = fixtures::machine({{"server", LevelShape::all_to_all, 8, 400},
                                               {"leaf", LevelShape::clos, 4, 50},
                                               {"spine", LevelShape::clos, 2, spine}});
    return kernels::lower_bound(Collective::broadcast, machine, Bytes(1e9)).bandwidth.value();
  };
  EXPECT_DOUBLE_EQ(bound(50), 1.0 / 400);  // 8 NICs of a server; the root's ports bring 450
  EXPECT_DOUBLE_EQ(bound(20), 1.0 / 400);  // up-links of 4 servers: 640
  EXPECT_DOUBLE_EQ(bound(10), 1.0 / (32 * 10));
}

}  // namespace
