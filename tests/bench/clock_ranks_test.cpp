// The clocks of one run on one, two and four ranks are those of one process, bit for bit.
#include "bench/clock/clock_ranks.hpp"

#include <algorithm>
#include <numeric>

#include <gtest/gtest.h>
#include <omp.h>

#include "bench/clock/clock.hpp"
#include "bench/executor/ranks.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/topology/scratch.hpp"

namespace {

using bench::ClockOptions;
using bench::ClockRanks;
using bench::Noise;
using bench::Ticks;
using bench::world;
using kernels::Collective;
using topology::Bytes;
using topology::Machine;

/// Everything that makes a chip's number matter.
ClockOptions disturbed(const Machine& machine) {
  ClockOptions options;
  options.seed = 3;
  options.noise = Noise::parse("exponential:1 us");
  options.skew = Noise::parse("normal:20 us:10 us");
  options.slow = {{17, 1.5}, {machine.chips() - 2, 3}};
  options.degraded = {bench::parse_degraded("z+@chip=150:0.25", machine),
                      bench::parse_degraded("pod@ultraserver=4:0.5", machine)};
  return options;
}

void expect_the_clocks_of_one_process(Collective collective,
                                      const Machine& machine,
                                      const std::string& text,
                                      const ClockOptions& options) {
  const auto schedule = kernels::build(collective, machine, text);
  if (!bench::is_clockable(schedule)) return;
  SCOPED_TRACE(text);
  const Bytes size(1 << 24);
  ClockRanks ranks(machine, world().rank, world().size);
  const auto together = bench::run_clock(schedule, machine, size, options, ranks);
  const auto alone = bench::run_clock(schedule, machine, size, options);
  EXPECT_EQ(together.steps, alone.steps);
  EXPECT_EQ(together.finish, alone.finish);
}

/// Steps inside an UltraServer, between them, and over both at once; 8, 5 and 7 UltraServers, which
/// do not all divide by the ranks.
TEST(ClockRanks, GiveTheClocksOfOneProcess) {
  for (const std::int64_t ultraservers : {8, 5, 7}) {
    const Machine machine = topology::slice(topology::load_system("rainier"), 64 * ultraservers);
    const ClockOptions options = disturbed(machine);
    for (const kernels::CollectiveInfo& row : kernels::collectives())
      for (const std::string& text : kernels::candidates(row.id, machine))
        expect_the_clocks_of_one_process(row.id, machine, text, options);
  }
}

TEST(ClockRanks, GiveTheClocksOfOneProcessOnAnyNumberOfThreads) {
  const Machine machine = topology::slice(topology::load_system("rainier"), 4096);
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2}) {
    omp_set_num_threads(threads);
    for (const char* text : {"rhd(x,y,z)+ring(pod)+ring(building)",
                             "rhd(x,y,z)+doubling(pod,building)",
                             "biring(x)+ring(y)+direct(z)+oneshot(pod,building)",
                             "direct"})
      expect_the_clocks_of_one_process(Collective::all_reduce, machine, text, disturbed(machine));
  }
  omp_set_num_threads(before);
}

/// A chip's clock is at the place that its number says; 5 UltraServers do not divide by the ranks.
TEST(ClockRanks, KeepWholeUltraServersInOrder) {
  const Machine machine = topology::slice(topology::load_system("rainier"), 320);
  const bench::ChipBlock block = ClockRanks(machine, world().rank, world().size).block();
  EXPECT_EQ(block.first % 64, 0);
  EXPECT_EQ(block.count() % 64, 0);
  for (std::int64_t place = 0; place < block.count(); ++place)
    EXPECT_EQ(block.place(block.chip(place)), place);
}

TEST(ClockRanks, ShareEachChipOnce) {
  const Machine machine = topology::slice(topology::load_system("rainier"), 320);
  std::vector<int> owners(320);
  for (int rank = 0; rank < 4; ++rank) {
    const bench::ChipBlock block = ClockRanks(machine, rank, 4).block();
    for (std::int64_t place = 0; place < block.count(); ++place)
      ++owners[static_cast<std::size_t>(block.chip(place))];
  }
  EXPECT_EQ(owners, std::vector<int>(320, 1));
}

TEST(ClockRanks, AreNoMoreThanUltraServers) {
  const Machine one = topology::load_system("trn2-ultraserver");
  const Machine two = topology::slice(topology::load_system("rainier"), 128);
  const auto refusal = [](const Machine& machine, int size) {
    return fixtures::refusal([&] { (void)ClockRanks(machine, 0, size); });
  };
  fixtures::expect_mentions(refusal(one, 2),
                            "more ranks than ultraservers: 2 ranks, 1 ultraserver");
  fixtures::expect_mentions(refusal(two, 3), "3 ranks, 2 ultraservers");
  EXPECT_EQ(ClockRanks(two, 1, 2).block().first, 64);
}

}  // namespace
