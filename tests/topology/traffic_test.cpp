// Link loads against enumeration by hand: every flow of a small machine routed on its own.
#include "topology/traffic.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include <gtest/gtest.h>

#include "tests/kernels/collective/machines.hpp"

namespace {

using topology::Bytes;
using topology::DigitMap;
using topology::LevelShape;
using topology::Machine;
using topology::Traffic;

using Coordinates = std::vector<std::int64_t>;

Coordinates coordinates(const Machine& machine, std::int64_t chip) {
  Coordinates all;
  for (const auto& level : machine.levels) {
    all.push_back(chip % level.extent);
    chip /= level.extent;
  }
  return all;
}

/// Routes one flow in dimension order, ties split, over a torus of rings; counts every directed
/// link of the machine on its own.
using Links = std::map<std::tuple<std::size_t, int, Coordinates>, double>;

void route(
    const Machine& machine, Coordinates at, const Coordinates& to, double bytes, Links& links) {
  for (std::size_t d = 0; d < at.size(); ++d) {
    const std::int64_t n = machine.levels[d].extent;
    const std::int64_t ahead = ((to[d] - at[d]) % n + n) % n;
    const double up = n == 2 || 2 * ahead < n ? 1 : 2 * ahead == n ? 0.5 : 0;
    Coordinates here = at;
    for (std::int64_t h = 0; h < ahead && up > 0; ++h) {
      links[{d, 0, here}] += bytes * up;
      here[d] = (here[d] + 1) % n;
    }
    here = at;
    for (std::int64_t h = 0; h < n - ahead && up < 1; ++h) {
      links[{d, 1, here}] += bytes * (1 - up);
      here[d] = (here[d] + n - 1) % n;
    }
    at[d] = to[d];
  }
}

std::map<std::string, double> heaviest(const Machine& machine, const Links& links) {
  std::map<std::string, double> most;
  for (const auto& [where, bytes] : links) {
    const auto& [level, direction, from] = where;
    double& value = most[machine.levels[level].name + (direction == 0 ? "+" : "-")];
    value = std::max(value, bytes);
  }
  return most;
}

void expect_same(const Machine& machine, const Traffic& traffic, const Links& links) {
  const auto wanted = heaviest(machine, links);
  std::map<std::string, double> got;
  for (const auto& link : traffic.classes()) got[link.name] = link.load.value();
  EXPECT_EQ(got, wanted);
}

TEST(Traffic, PermutationsLoadLinksAsEnumerated) {
  for (const std::vector<std::int64_t>& extents :
       {std::vector<std::int64_t>{8}, {4, 4}, {2, 8}, {5, 4}, {16, 4}}) {
    const Machine machine = fixtures::torus(extents);
    for (std::size_t d = 0; d < extents.size(); ++d)
      for (std::int64_t operand = 1; operand < extents[d]; ++operand)
        for (const auto kind : {DigitMap::Kind::add, DigitMap::Kind::exclusive_or}) {
          if (kind == DigitMap::Kind::exclusive_or && (extents[d] & (extents[d] - 1)) != 0)
            continue;
          const DigitMap map{kind, operand};
          Traffic traffic(machine);
          traffic.add(d, map, Bytes(16));
          Links links;
          for (std::int64_t chip = 0; chip < machine.chips(); ++chip) {
            const Coordinates from = coordinates(machine, chip);
            Coordinates to = from;
            to[d] = map(from[d], extents[d]);
            route(machine, from, to, 16, links);
          }
          expect_same(machine, traffic, links);
        }
  }
}

TEST(Traffic, EachLinkOfALineAsEnumerated) {
  // An exchange across bit 2 of a ring of 16 loads its links unevenly.
  const Machine machine = fixtures::torus({16, 3});
  const DigitMap map{DigitMap::Kind::exclusive_or, 4};
  Traffic traffic(machine);
  traffic.add(0, map, Bytes(1));
  traffic.add(0, {DigitMap::Kind::add, 1}, Bytes(5));  // and a shift on top, on all alike
  Links links;
  for (std::int64_t chip = 0; chip < machine.chips(); ++chip) {
    const Coordinates from = coordinates(machine, chip);
    route(machine, from, {map(from[0], 16), from[1]}, 1, links);
    route(machine, from, {(from[0] + 1) % 16, from[1]}, 5, links);
  }
  const auto classes = traffic.classes();
  ASSERT_EQ(classes.size(), 2U);
  for (const int direction : {0, 1}) {
    const auto& each = classes[static_cast<std::size_t>(direction)].each;
    ASSERT_EQ(each.size(), 16U);
    for (std::int64_t i = 0; i < 16; ++i)
      for (std::int64_t line = 0; line < 3; ++line)
        EXPECT_EQ(each[static_cast<std::size_t>(i)].value(), (links[{0, direction, {i, line}}]))
            << i << " on line " << line;
  }
  Traffic even(machine);
  even.add(0, {DigitMap::Kind::add, 3}, Bytes(1));
  EXPECT_TRUE(even.classes().front().each.empty());
}

TEST(Traffic, AllPairsLoadLinksAsEnumerated) {
  for (const std::vector<std::int64_t>& extents :
       {std::vector<std::int64_t>{4}, {4, 4}, {4, 4, 4}, {3, 2, 5}}) {
    const Machine machine = fixtures::torus(extents);
    std::vector<std::size_t> levels;
    for (std::size_t d = 0; d < extents.size(); ++d) levels.push_back(d);
    Traffic traffic(machine);
    traffic.add_every(levels, Bytes(64));
    Links links;
    for (std::int64_t a = 0; a < machine.chips(); ++a)
      for (std::int64_t b = 0; b < machine.chips(); ++b)
        if (a != b) route(machine, coordinates(machine, a), coordinates(machine, b), 64, links);
    expect_same(machine, traffic, links);
  }
}

TEST(Traffic, TorusAllToAllIsTheClosedForm) {
  // theory: a directed link of dimension i carries C N n_i / 8 on even tori: 8C, 32C, 512C
  for (const auto& [extents, load] : {std::pair{std::vector<std::int64_t>{4, 4}, 8.0},
                                      {std::vector<std::int64_t>{4, 4, 4}, 32.0},
                                      {std::vector<std::int64_t>{8, 8, 8}, 512.0}}) {
    std::vector<std::size_t> levels(extents.size());
    for (std::size_t d = 0; d < levels.size(); ++d) levels[d] = d;
    const Machine machine = fixtures::torus(extents);
    Traffic here(machine);
    here.add_every(levels, Bytes(1));
    for (const auto& link : here.classes()) EXPECT_EQ(link.load.value(), load) << link.name;
    EXPECT_EQ(here.classes().size(), 2 * extents.size());
  }
}

TEST(Traffic, SwitchedPairsTakeTheHighestSwitchStraightToTheirTarget) {
  // 4-ring, pods of 3, sites of 2: 24 chips. By enumeration of one chip's 23 messages:
  // 3 stay on the ring, 2*4 change pod inside the site, 12 change site.
  const Machine machine = fixtures::machine(
      {{"x", LevelShape::ring, 4}, {"pod", LevelShape::clos, 3}, {"site", LevelShape::clos, 2}});
  Traffic traffic(machine);
  traffic.add_every({0, 1, 2}, Bytes(1));
  std::map<std::string, double> got;
  for (const auto& link : traffic.classes()) got[link.name] = link.load.value();
  EXPECT_EQ(got["pod"], 8 + 12);  // the NIC carries both tiers
  EXPECT_EQ(got["site"], 12);
  EXPECT_EQ(got["x+"], 2);  // 1 + half of the two-hop tie each way, twice one hop: 1 + 2/2
}

TEST(Traffic, TimeIsLatencyAndTheSlowerOfIssueAndTransfer) {
  Machine machine = fixtures::machine({{"pod", LevelShape::clos, 5, 10}}, 15e-6);
  machine.levels[0].gap.value = topology::Seconds(1e-6);
  Traffic small(machine);
  small.add_every({0}, Bytes(8));
  EXPECT_DOUBLE_EQ(small.time().total().value(), 15e-6 + 3e-6);  // 4 messages, 3 gaps
  Traffic large(machine);
  large.add_every({0}, Bytes(1e6));
  EXPECT_DOUBLE_EQ(large.time().total().value(), 15e-6 + 4e6 / 10e9);
  machine.levels[0].efficiency.value = 0.5;
  EXPECT_DOUBLE_EQ(large.time().total().value(), 15e-6 + 8e6 / 10e9);
}

}  // namespace
