// Shipped systems against public figures, parts of machines, and overrides.
#include "topology/machine.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/topology/scratch.hpp"

namespace {

using fixtures::expect_mentions;
using fixtures::refusal;
using topology::Level;
using topology::LevelShape;
using topology::load_system;
using topology::Machine;
using topology::slice;
using topology::Status;

double gigabytes(topology::BytesPerSecond rate) {
  return rate.value() / 1e9;
}

const Level& level(const Machine& machine, const std::string& name) {
  return machine.levels[machine.level(name)];
}

TEST(Systems, AllShippedOnesLoadAndNameTheirSources) {
  const auto names = topology::system_names();
  for (const char* name : {"trn1-server",
                           "trn2-server",
                           "trn2-ultraserver",
                           "rainier",
                           "rainier-trn3",
                           "rainier-trn3-gen2",
                           "rainier-trn4",
                           "h100-dgx",
                           "a100-selene",
                           "v100-dgx2h",
                           "h100-meta",
                           "tpu-v4",
                           "tpu-v5p"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  for (const std::string& name : names) {
    const Machine machine = load_system(name);
    EXPECT_EQ(machine.name, name);
    EXPECT_FALSE(machine.title.empty()) << name;
    for (const Level& l : machine.levels) {
      EXPECT_EQ(l.size_source.value, l.extent) << name;
      EXPECT_FALSE(l.size_source.source.empty()) << name << " " << l.name;
      EXPECT_FALSE(l.domain.empty()) << name << " " << l.name;
      EXPECT_GT(l.latency.value.value(), 0) << name << " " << l.name;
    }
  }
}

TEST(Systems, Sizes) {
  EXPECT_EQ(load_system("trn1-server").chips(), 16);
  EXPECT_EQ(load_system("trn2-server").chips(), 16);
  EXPECT_EQ(load_system("trn2-ultraserver").chips(), 64);
  EXPECT_EQ(load_system("rainier").chips(), 524288);
  EXPECT_EQ(load_system("rainier-trn3").chips(), 524288);
  EXPECT_EQ(load_system("rainier-trn3-gen2").chips(), 3640 * 144);
  EXPECT_EQ(load_system("rainier-trn4").chips(), 524288);
  EXPECT_EQ(load_system("h100-meta").chips(), 8 * 3072);
  EXPECT_EQ(load_system("v100-dgx2h").chips(), 512);
  EXPECT_EQ(load_system("tpu-v4").chips(), 4096);
}

TEST(Systems, SizesOfServersAndRacks) {
  const auto inside = [](const char* name) {  // a fast domain, without the network
    std::int64_t chips = 1;
    for (const Level& l : load_system(name).levels)
      if (l.shape != LevelShape::clos) chips *= l.extent;
    return chips;
  };
  for (const char* name : {"a100-dgx",
                           "a100-pcie",
                           "b200-cloud",
                           "b200-hgx",
                           "b200-xla",
                           "b300-hgx",
                           "gaudi2-server",
                           "gaudi3-server",
                           "h100-cloud",
                           "h100-dgx",
                           "h100-xla",
                           "h800-hgx",
                           "mi250x-frontier",
                           "mi300x-server",
                           "mi300x-xla",
                           "mi325x-server",
                           "mi355x-server",
                           "p100-pcie",
                           "v100-dgx1"})
    EXPECT_EQ(inside(name), 8) << name;
  EXPECT_EQ(inside("gb10-spark"), 1);
  EXPECT_EQ(inside("gh200-quad"), 4);
  EXPECT_EQ(inside("gb200-nvl72"), 72);
  EXPECT_EQ(inside("gb300-nvl72"), 72);
  EXPECT_EQ(inside("trn1-cluster"), 16);
  EXPECT_EQ(inside("trn1-cores"), 32);
  EXPECT_EQ(inside("tpu-v5e"), 256);
  EXPECT_EQ(inside("tpu-v6e"), 256);
  EXPECT_EQ(inside("tpu-v7"), 512);
}

// Published figures a chip and direction, GB/s: inside the fast domain and out of it.
TEST(Systems, RatesOfServersAndRacks) {
  const auto rate = [](const char* name, std::size_t l) {
    return gigabytes(load_system(name).levels.at(l).injection());
  };
  EXPECT_EQ(rate("a100-dgx", 0), 300);
  EXPECT_EQ(rate("h100-xla", 0), 450);
  EXPECT_EQ(rate("h800-hgx", 0), 200);
  EXPECT_EQ(rate("b300-hgx", 0), 900);
  EXPECT_EQ(rate("b300-hgx", 1), 100);
  EXPECT_EQ(rate("gb300-nvl72", 0), 900);
  EXPECT_EQ(rate("gb300-nvl72", 1), 100);
  EXPECT_EQ(rate("mi300x-server", 0), 448);
  EXPECT_NEAR(rate("mi355x-server", 0), 537.6, 1e-9);
  EXPECT_NEAR(rate("v100-dgx1", 0), 150, 1e-9);
  EXPECT_EQ(rate("gh200-quad", 0), 450);
  EXPECT_EQ(load_system("h100-cloud").levels[0].in_switch.value, 0.85);
  EXPECT_EQ(load_system("a100-dgx").levels[0].in_switch.value, 0);
}

TEST(Systems, RainierIsMadeOfUltraServers) {
  const Machine rainier = load_system("rainier");
  ASSERT_EQ(rainier.levels.size(), 6U);
  const std::vector<std::string> domains = {
      "row", "server", "ultraserver", "pod", "building", "site"};
  double scale_up = 0;
  for (std::size_t l = 0; l < 6; ++l) {
    EXPECT_EQ(rainier.levels[l].domain, domains[l]);
    if (l < 3) scale_up += gigabytes(rainier.levels[l].injection());
  }
  EXPECT_EQ(scale_up, 640);  // 1.28 TB/s advertised, both directions added
  EXPECT_EQ(gigabytes(level(rainier, "z").injection()), 128);
  EXPECT_EQ(gigabytes(level(rainier, "pod").injection()), 25);  // 200 Gbit/s
  EXPECT_EQ(level(rainier, "x").shape, LevelShape::ring);
  EXPECT_EQ(level(rainier, "site").shape, LevelShape::clos);
  EXPECT_EQ(level(rainier, "z").bandwidth.status, Status::published);
  EXPECT_DOUBLE_EQ(level(rainier, "pod").latency.value.value(), 15e-6);
  EXPECT_DOUBLE_EQ(level(rainier, "site").latency.value.value(), 22e-6);
  EXPECT_EQ(rainier.chip.name, "trainium2");
  EXPECT_DOUBLE_EQ(rainier.overhead.value.value(), 4e-6);
}

TEST(Systems, ScaleUpOfTheOthers) {
  const auto total = [](const char* name, std::size_t levels) {
    const Machine machine = load_system(name);
    double sum = 0;
    for (std::size_t l = 0; l < levels; ++l) sum += gigabytes(machine.levels[l].injection());
    return sum;
  };
  EXPECT_EQ(total("trn1-server", 2), 192);
  EXPECT_EQ(total("rainier-trn3", 3), 1152);
  EXPECT_EQ(total("rainier-trn3-gen2", 3), 1152);
  EXPECT_EQ(total("rainier-trn4", 1), 1800);
  EXPECT_EQ(total("tpu-v4", 3), 270);
  for (const Level& l : load_system("rainier-trn4").levels)
    EXPECT_EQ(l.bandwidth.status, Status::assumed) << l.name;
}

TEST(Machine, LevelsByName) {
  const Machine rainier = load_system("rainier");
  EXPECT_EQ(rainier.level("z"), 2U);
  expect_mentions(refusal([&] { (void)rainier.level("bilding"); }), "did you mean 'building'?");
}

TEST(Slice, WholeLevels) {
  const Machine rainier = load_system("rainier");
  const std::vector<std::pair<std::int64_t, std::size_t>> cases = {
      {4, 1}, {16, 2}, {64, 3}, {512, 4}, {65536, 5}, {524288, 6}};
  for (const auto& [chips, levels] : cases) {
    const Machine part = slice(rainier, chips);
    EXPECT_EQ(part.chips(), chips);
    EXPECT_EQ(part.levels.size(), levels);
    EXPECT_EQ(part.levels.back().extent, rainier.levels[levels - 1].extent);
  }
}

TEST(Slice, PartsOfSwitchedLevels) {
  const Machine pods = slice(load_system("rainier"), 192);
  ASSERT_EQ(pods.levels.size(), 4U);
  EXPECT_EQ(pods.levels.back().extent, 3);
  EXPECT_EQ(pods.levels.back().size_source.value, 3);
  const Machine trn4 = load_system("rainier-trn4");
  for (const std::int64_t chips : {2, 16, 64, 127, 512, 65536, 524288})
    EXPECT_EQ(slice(trn4, chips).chips(), chips);
}

TEST(Slice, RefusesWithTheNearestCounts) {
  const Machine rainier = load_system("rainier");
  const auto message = [&rainier](std::int64_t chips) {
    return refusal([&] { (void)slice(rainier, chips); });
  };
  expect_mentions(message(2), "nearest counts that work: 4 ");
  expect_mentions(message(8), "4, 16");
  expect_mentions(message(32), "16, 64");
  expect_mentions(message(100), "64, 128");
  expect_mentions(message(513), "512, 1024");
  expect_mentions(message(1000000), "524288 chips, not 1000000");
  for (const std::int64_t chips : {1, 0, -4}) expect_mentions(message(chips), "at least 2 chips");
  EXPECT_NE(refusal([] { (void)slice(load_system("tpu-v4"), 512); }), "");
}

TEST(Part, OneChipAloneAndAnyOtherAsSliced) {
  for (const char* name : {"rainier", "rainier-trn4", "gb10-spark"}) {
    const Machine alone = topology::part(load_system(name), 1);
    EXPECT_EQ(alone.chips(), 1) << name;
    EXPECT_EQ(alone.levels.size(), 1U) << name;
  }
  EXPECT_EQ(topology::part(load_system("rainier"), 64).levels.size(), 3U);
  expect_mentions(refusal([] { (void)topology::part(load_system("rainier"), 8); }), "4, 16");
}

TEST(Group, LevelsOfTheMachineInItsOrder) {
  const Machine machine = topology::load_system("rainier");
  const Machine group = topology::group(machine, {"pod", "x"});
  EXPECT_EQ(group.levels.size(), 2U);
  EXPECT_EQ(group.levels[0].name, "x");
  EXPECT_EQ(group.chips(), group.levels[0].extent * group.levels[1].extent);
  EXPECT_THROW((void)topology::group(machine, {"x", "x"}), topology::Error);
  EXPECT_THROW((void)topology::group(machine, {"w"}), topology::Error);
}

TEST(Overrides, ChangeOneFigure) {
  const Machine machine = load_system("rainier",
                                      {"z.bandwidth=200 GB/s",
                                       "pod.extent=16",
                                       "x.efficiency=0.45",
                                       "chip.memory.bandwidth=4 TB/s",
                                       "overhead=1 us",
                                       "reduction=500 GB/s"});
  EXPECT_EQ(gigabytes(level(machine, "z").bandwidth.value), 200);
  EXPECT_EQ(level(machine, "z").bandwidth.status, Status::assumed);
  EXPECT_EQ(level(machine, "z").bandwidth.source, "set on the command line");
  EXPECT_EQ(level(machine, "pod").extent, 16);
  EXPECT_EQ(level(machine, "pod").size_source.status, Status::assumed);
  EXPECT_EQ(level(machine, "x").efficiency.value, 0.45);
  EXPECT_EQ(machine.chip.memory_bandwidth->value.value(), 4e12);
  EXPECT_DOUBLE_EQ(machine.overhead.value.value(), 1e-6);
  EXPECT_EQ(gigabytes(machine.reduction->value), 500);
  EXPECT_EQ(machine.chips(), 2 * 524288);
}

// Each of these once ran for ever or left 64 bits.
TEST(Overrides, MoreThanAnyMachineHasIsRefusedWithTheLimit) {
  const auto with = [](const char* change) {
    return refusal([change] { (void)load_system("rainier", {change}); });
  };
  expect_mentions(with("z.extent=1e9"), "z.extent: an extent of a ring is");
  expect_mentions(with("z.extent=4097"), "from 1 to 4096, not 4097");
  expect_mentions(with("pod.extent=65537"), "from 1 to 65536, not 65537");
  for (const char* key : {"z.links",
                          "chip.engine.cores",
                          "chip.engine.logical_cores",
                          "chip.engine.tile_k",
                          "chip.engine.tile_m",
                          "chip.engine.tile_n",
                          "chip.dma.engines",
                          "chip.dma.collective_cores"})
    expect_mentions(with((key + std::string("=1e15")).c_str()), "'1e15': the most is 1048576");
  expect_mentions(with("z.bandwidth=1e308 TB/s"), "more than anything can be");
  expect_mentions(with("z.latency=1e308 d"), "more than anything can be");
  EXPECT_EQ(load_system("rainier", {"z.extent=4096"}).levels[2].extent, 4096);
  EXPECT_EQ(load_system("rainier", {"pod.extent=65536"}).levels[3].extent, 65536);
}

TEST(Overrides, AreHeldToTheRulesOfAFile) {
  const auto with = [](const char* change) {
    return refusal([change] { (void)load_system("rainier", {change}); });
  };
  expect_mentions(with("bilding.bandwidth=1 GB/s"), "did you mean 'building'?");
  expect_mentions(with("z.bandwith=1 GB/s"), "did you mean 'bandwidth'?");
  expect_mentions(with("z.bandwidth=1"), "'1' has no unit");
  expect_mentions(with("z.bandwidth=0 GB/s"), "more than 0");
  expect_mentions(with("z.latency=-1 us"), "not negative");
  expect_mentions(with("z.extent=2.5"), "whole number");
  expect_mentions(with("z.efficiency=1.5"), "at most 1");
  expect_mentions(with("overhed=1 us"), "did you mean 'overhead'?");
  expect_mentions(with("chip.memory.bandwith=4 TB/s"), "did you mean 'memory.bandwidth'?");
  expect_mentions(with("z"), "KEY=VALUE");
  EXPECT_NE(with("z=1"), "");
}

}  // namespace
