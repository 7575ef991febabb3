// Every algorithm keeps its promise at every size it supports, and a broken one is caught.
#include "kernels/collective/verify.hpp"

#include <algorithm>
#include <bit>

#include <gtest/gtest.h>

#include "kernels/collective/algorithm.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/sanitized.hpp"
#include "topology/error.hpp"

namespace {

using kernels::Collective;
using kernels::Transfer;
using topology::LevelShape;

struct Case {
  Collective collective;
  topology::Machine machine;
  std::string algorithm;
};

bool power_of_two(std::int64_t n) {
  return std::has_single_bit(static_cast<std::uint64_t>(n));
}

/// What the algorithm's bare name builds on this machine, or nothing where it is refused.
void add_case(std::vector<Case>& cases,
              Collective collective,
              const topology::Machine& machine,
              const kernels::Algorithm& algorithm) {
  if (kernels::builder(algorithm, collective) == nullptr) return;
  for (const auto& level : machine.levels)
    if ((algorithm.powers_of_two && !power_of_two(level.extent)) ||
        (algorithm.in_switch && level.in_switch.value == 0))
      return;
  cases.push_back({collective, machine, algorithm.name});
}

/// One level of N members, both shapes; tori and hierarchies with every algorithm and every
/// combination that is tried; with sanitizers a third of these.
std::vector<Case> all_cases() {
  std::vector<topology::Machine> composed{
      fixtures::torus({4, 4}),
      fixtures::torus({8, 2}),
      fixtures::torus({3, 4, 2}),
      fixtures::torus({4, 2, 8}),
      fixtures::machine({{"x", LevelShape::ring, 4, 128}, {"z", LevelShape::ring, 4, 64}}),
      fixtures::machine({{"x", LevelShape::ring, 4}, {"pod", LevelShape::clos, 4}}),
      fixtures::machine({{"x", LevelShape::ring, 2},
                         {"y", LevelShape::ring, 4},
                         {"pod", LevelShape::clos, 2},
                         {"site", LevelShape::clos, 2}})};
  std::vector<Case> cases;
  for (const kernels::CollectiveInfo& row : kernels::collectives()) {
    for (const kernels::Algorithm& algorithm : kernels::algorithms()) {
      for (std::int64_t n = 1; n <= (fixtures::sanitized ? 12 : 64); ++n) {
        add_case(cases, row.id, fixtures::switched(n), algorithm);
        add_case(cases, row.id, fixtures::torus({n}), algorithm);
      }
      for (const topology::Machine& machine : composed) add_case(cases, row.id, machine, algorithm);
      add_case(cases, row.id, fixtures::torus({4, 4, 4}), algorithm);
    }
    int texts = 0;
    for (const topology::Machine& machine : composed)
      for (const std::string& text : kernels::candidates(row.id, machine))
        if (!fixtures::sanitized || ++texts % 3 == 0) cases.push_back({row.id, machine, text});
  }
  return cases;
}

std::string describe(const Case& c) {
  return std::string(kernels::info(c.collective).name) + " " + c.algorithm + " over " +
         std::to_string(c.machine.chips());
}

TEST(Verify, EveryAlgorithmAtEverySizeUpTo64) {
  for (const Case& c : all_cases()) {
    const kernels::Schedule schedule = kernels::build(c.collective, c.machine, c.algorithm);
    const kernels::Verdict verdict = kernels::verify(schedule);
    EXPECT_TRUE(verdict.ok) << describe(c) << ": " << verdict.reason;
  }
}

TEST(Verify, OneMemberLevelIsPassedOver) {
  const auto machine = fixtures::machine({{"x", LevelShape::ring, 1}, {"y", LevelShape::ring, 4}});
  for (const char* algorithm : {"ring", "rhd", "direct"})
    EXPECT_TRUE(kernels::verify(kernels::build(Collective::all_reduce, machine, algorithm)).ok);
}

TEST(Build, HypercubesRefuseOtherThanPowersOfTwo) {
  for (const char* algorithm : {"rhd", "xor", "swing"})
    for (std::int64_t n = 2; n <= 64; ++n) {
      if (power_of_two(n)) continue;
      try {
        (void)kernels::build(Collective::all_reduce, fixtures::switched(n), algorithm);
        FAIL() << n;
      } catch (const topology::Error& error) {
        EXPECT_EQ(error.kind(), topology::ErrorKind::usage);
        EXPECT_NE(std::string(error.what()).find(std::to_string(n)), std::string::npos);
        EXPECT_NE(std::string(error.what()).find("ranks"), std::string::npos);
      }
    }
}

TEST(Build, RefusesTextsThatDoNotCoverTheGroupOnce) {
  const auto machine = fixtures::torus({4, 4});
  for (const char* text : {"ring(x)",
                           "ring(x)+ring(x)",
                           "ring(x)+ring(q)",
                           "rign",
                           "ring(x,y)",
                           "rhd(x,y;ports=0)",
                           "rhd(x,y;lanes=2)",
                           "rhd(x,y;ports=1;balanced)",
                           "swing(x,y;balanced)",
                           "ring(x",
                           ""})
    EXPECT_THROW((void)kernels::build(Collective::all_reduce, machine, text), topology::Error)
        << text;
  EXPECT_THROW((void)kernels::build(Collective::all_to_all, machine, "ring"), topology::Error);
  for (const char* text : {"doubling", "ring(x)+oneshot(y)"})
    EXPECT_THROW((void)kernels::build(Collective::all_gather, machine, text), topology::Error);
  EXPECT_THROW((void)kernels::build(Collective::all_reduce, machine, "oneshot(x)+ring(y)"),
               topology::Error);
}

/// Rank 1 leaves all its blocks with rank 0 for the time being, which has no room for them.
TEST(Verify, ABufferTooSmallIsSeen) {
  kernels::Schedule schedule;
  schedule.collective = Collective::all_to_all;
  schedule.extents = {3};
  kernels::Exchange leave;
  leave.to = {.digits = {0},
              .map = {topology::DigitMap::Kind::pairs},
              .pairing = std::make_shared<topology::Pairing>(topology::Pairing::Pairs{{1, 0}})};
  leave.chunks.resize(1);
  schedule.root = leave;
  const kernels::Verdict verdict = kernels::verify(schedule);
  EXPECT_FALSE(verdict.ok);
  EXPECT_EQ(verdict.reason, "round 0, rank 0: 6 blocks where 3 have room");
}

// Mutations: for a sample of machines, break one transfer of each round in every way; each must be
// noticed, in whichever round it happens. (A partial sum sent to the next but one rank of a ring is
// not among them: it joins the same sum later, and the result is right.)
struct Mutation {
  const char* name;
  void (*apply)(std::vector<Transfer>&, kernels::Rank ranks);
};

/// A transfer of the round, to another receiver than the root where there is one: a broadcast may
/// send the root what it has had from the start.
Transfer& one_of(std::vector<Transfer>& t) {
  const auto others =
      std::count_if(t.begin(), t.end(), [](const auto& one) { return one.to != 0; });
  if (others == 0) return t.back();
  return *std::find_if(t.rbegin(), t.rend(), [](const auto& one) { return one.to != 0; });
}

constexpr Mutation mutations[] = {
    {"drop",
     [](std::vector<Transfer>& t, kernels::Rank) { t.erase(t.begin() + (&one_of(t) - t.data())); }},
    {"duplicate", [](std::vector<Transfer>& t, kernels::Rank) { t.push_back(one_of(t)); }},
    {"wrong chunk",
     [](std::vector<Transfer>& t, kernels::Rank ranks) {
       one_of(t).chunks[0] = (one_of(t).chunks[0] + 1) % ranks;
     }},
    {"lost chunk", [](std::vector<Transfer>& t, kernels::Rank) { one_of(t).chunks.pop_back(); }},
};

/// Each algorithm by its bare name and in every combination that is tried.
std::vector<Case> mutated_cases() {
  std::vector<Case> cases;
  for (const auto& machine :
       {fixtures::switched(8), fixtures::torus({4, 4}), fixtures::torus({8}), fixtures::torus({3})})
    for (const kernels::CollectiveInfo& row : kernels::collectives()) {
      for (const kernels::Algorithm& algorithm : kernels::algorithms())
        add_case(cases, row.id, machine, algorithm);
      for (const std::string& text : kernels::candidates(row.id, machine))
        cases.push_back({row.id, machine, text});
    }
  return cases;
}

/// Nothing but a reduce to a root, level by level?
bool to_root(const std::string& text) {
  return kernels::parse_algorithm(text.substr(0, text.find('('))).reduce != nullptr;
}

TEST(Verify, EveryMutationIsCaught) {
  for (const Case& c : mutated_cases()) {
    const auto schedule = kernels::build(c.collective, c.machine, c.algorithm);
    std::int64_t last = 0;
    ASSERT_TRUE(kernels::verify(schedule, [&](auto& t) { last = t.front().round; }).ok);
    for (const Mutation& mutation : mutations) {
      // Hearing twice of a rank is no error in a barrier. After the scatter of a long broadcast
      // some are sent what they have passed on before: without it the result is right.
      if (c.collective == Collective::barrier && mutation.name == std::string("duplicate"))
        continue;
      if (c.collective == Collective::broadcast && !to_root(c.algorithm)) continue;
      for (std::int64_t round = 0; round <= last; ++round) {
        const auto verdict = kernels::verify(schedule, [&](std::vector<Transfer>& t) {
          if (t.front().round == round) mutation.apply(t, schedule.ranks());
        });
        EXPECT_FALSE(verdict.ok) << describe(c) << ": " << mutation.name << " in round " << round;
      }
    }
  }
}

}  // namespace
