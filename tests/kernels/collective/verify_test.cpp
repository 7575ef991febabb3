// Every algorithm keeps its promise at every size it supports, and a broken one is caught.
#include "kernels/collective/verify.hpp"

#include <bit>

#include <gtest/gtest.h>

#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"
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

bool supports(const std::string& algorithm, std::int64_t n) {
  return algorithm != "rhd" || std::has_single_bit(static_cast<std::uint64_t>(n));
}

/// One level of N members, both shapes, then tori and hierarchies.
std::vector<Case> all_cases() {
  std::vector<topology::Machine> composed{
      fixtures::torus({4, 4}),
      fixtures::torus({4, 4, 4}),
      fixtures::torus({4, 2, 8}),
      fixtures::machine({{"x", LevelShape::ring, 4}, {"pod", LevelShape::clos, 4}}),
      fixtures::machine({{"x", LevelShape::ring, 2},
                         {"y", LevelShape::ring, 4},
                         {"pod", LevelShape::clos, 2},
                         {"site", LevelShape::clos, 2}})};
  std::vector<Case> cases;
  for (const kernels::CollectiveInfo& row : kernels::collectives()) {
    for (std::int64_t n = 1; n <= 64; ++n)
      for (const char* algorithm : {"ring", "rhd", "direct"}) {
        if (row.id == Collective::all_to_all && algorithm != std::string("direct")) continue;
        if (!supports(algorithm, n)) continue;
        cases.push_back({row.id, fixtures::switched(n), algorithm});
        cases.push_back({row.id, fixtures::torus({n}), algorithm});
      }
    for (const topology::Machine& machine : composed)
      for (const std::string& text : kernels::candidates(row.id, machine))
        cases.push_back({row.id, machine, text});
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

TEST(Build, RecursiveHalvingRefusesOtherThanPowersOfTwo) {
  for (std::int64_t n = 2; n <= 64; ++n) {
    if (supports("rhd", n)) continue;
    try {
      static_cast<void>(kernels::build(Collective::all_reduce, fixtures::switched(n), "rhd"));
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
                           "ring(x",
                           ""})
    EXPECT_THROW((void)kernels::build(Collective::all_reduce, machine, text), topology::Error)
        << text;
  EXPECT_THROW((void)kernels::build(Collective::all_to_all, machine, "ring"), topology::Error);
}

// Mutations: for a sample of machines, break one transfer of each round in every way; each must be
// noticed, in whichever round it happens. (A partial sum sent to the next but one rank of a ring is
// not among them: it joins the same sum later, and the result is right.)
struct Mutation {
  const char* name;
  void (*apply)(std::vector<Transfer>&, kernels::Rank ranks);
};

constexpr Mutation mutations[] = {
    {"drop", [](std::vector<Transfer>& t, kernels::Rank) { t.erase(t.begin() + 1); }},
    {"duplicate", [](std::vector<Transfer>& t, kernels::Rank) { t.push_back(t[1]); }},
    {"wrong chunk",
     [](std::vector<Transfer>& t, kernels::Rank ranks) {
       t[1].chunks[0] = (t[1].chunks[0] + 1) % ranks;
     }},
    {"lost chunk", [](std::vector<Transfer>& t, kernels::Rank) { t[1].chunks.pop_back(); }},
};

TEST(Verify, EveryMutationIsCaught) {
  for (const auto& machine : {fixtures::switched(8), fixtures::torus({4, 4})})
    for (const kernels::CollectiveInfo& row : kernels::collectives())
      for (const std::string& text : kernels::candidates(row.id, machine)) {
        const auto schedule = kernels::build(row.id, machine, text);
        std::int64_t last = 0;
        ASSERT_TRUE(kernels::verify(schedule, [&](auto& t) { last = t.front().round; }).ok);
        for (const Mutation& mutation : mutations)
          for (std::int64_t round = 0; round <= last; ++round) {
            const auto verdict = kernels::verify(schedule, [&](std::vector<Transfer>& t) {
              if (t.front().round == round) mutation.apply(t, schedule.ranks());
            });
            EXPECT_FALSE(verdict.ok) << kernels::info(row.id).name << " " << text << ": "
                                     << mutation.name << " in round " << round;
          }
      }
}

}  // namespace
