// The fingerprint against the contributor sets where both can run, and over all 524,288 chips.
#include "kernels/collective/fingerprint.hpp"

#include <gtest/gtest.h>

#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using kernels::Collective;
using kernels::Exchange;
using kernels::Node;
using kernels::verify_fingerprint;
using topology::LevelShape;

std::vector<topology::Machine> machines() {
  return {fixtures::switched(8),
          fixtures::torus({4, 4}),
          fixtures::torus({8}),
          fixtures::torus({3, 4}),
          fixtures::machine({{"x", LevelShape::ring, 4}, {"pod", LevelShape::clos, 4}})};
}

TEST(Fingerprint, AgreesWithContributorSetsOnGoodSchedules) {
  for (const auto& machine : machines())
    for (const kernels::CollectiveInfo& row : kernels::collectives())
      for (const std::string& text : kernels::candidates(row.id, machine)) {
        if (row.id == Collective::barrier) continue;  // has no sum
        const auto schedule = kernels::build(row.id, machine, text);
        const auto verdict = verify_fingerprint(schedule, 24, 1);
        EXPECT_TRUE(verdict.ok) << row.name << " " << text << ": " << verdict.reason;
      }
}

/// The exchanges of a tree, in order.
void collect(Node& node, std::vector<Exchange*>& all) {
  if (auto* sequence = std::get_if<kernels::Sequence>(&node))
    for (Node& step : sequence->steps) collect(step, all);
  if (auto* loop = std::get_if<kernels::Loop>(&node))
    for (Node& step : loop->body) collect(step, all);
  if (auto* odometer = std::get_if<kernels::Odometer>(&node))
    for (Exchange& hop : odometer->hops) all.push_back(&hop);
  if (auto* together = std::get_if<kernels::Together>(&node))
    for (Node& part : together->parts) collect(part, all);
  if (auto* lanes = std::get_if<kernels::Lanes>(&node))
    for (Node& lane : lanes->lanes) collect(lane, all);
  if (auto* exchange = std::get_if<Exchange>(&node)) all.push_back(exchange);
}

/// Ways to break one exchange that leave the schedule runnable.
void turn_reduction(Exchange& exchange) {
  exchange.reduce = !exchange.reduce;
}

void send_all_chunks(Exchange& exchange) {
  for (kernels::DigitRange& range : exchange.chunks) range = {};
}

TEST(Fingerprint, AgreesWithContributorSetsOnBrokenSchedules) {
  for (const auto& machine : machines())
    for (const char* text : {"ring", "flat", "rhd", "direct", "swing", "bucket"}) {
      kernels::Schedule good;
      try {
        good = kernels::build(Collective::all_reduce, machine, text);
      } catch (const std::exception&) {
        continue;  // not on this machine
      }
      std::vector<Exchange*> exchanges;
      kernels::Schedule probe = good;
      collect(probe.root, exchanges);
      for (std::size_t i = 0; i < exchanges.size(); ++i)
        for (auto* breaking : {turn_reduction, send_all_chunks}) {
          kernels::Schedule broken = good;
          std::vector<Exchange*> parts;
          collect(broken.root, parts);
          breaking(*parts[i]);
          EXPECT_EQ(verify_fingerprint(broken, 64, 1).ok, kernels::verify(broken).ok)
              << text << ", exchange " << i;
        }
    }
}

/// Every algorithm of few rounds, on the torus and above it. An all-reduce contains its
/// reduce-scatter and all-gather.
TEST(Fingerprint, EveryAlgorithmOver524288Chips) {
  const auto machine = topology::load_system("rainier");
  for (const char* text : {"rhd(x,y,z)+rhd(pod,building,site;ports=1)",
                           "rhd(x,y,z;balanced)+doubling(pod,building,site)",
                           "swing(x,y,z)+direct(pod,building,site)",
                           "bucket(x,y,z)+oneshot(pod,building,site)",
                           "xor(x,y,z)+doubling(pod,building,site)",
                           "biring(x)+ring(y)+direct(z)+rhd(pod,building,site;ports=1)",
                           "rhd(x,y,z)+butterfly(pod)+butterfly(building;radix=16)+butterfly(site)",
                           "rhd(x,y,z)+doubletree(pod)+doubletree(building)+doubletree(site)",
                           "direct",
                           "oneshot"}) {
    const auto verdict =
        verify_fingerprint(kernels::build(Collective::all_reduce, machine, text), 1, 7);
    EXPECT_TRUE(verdict.ok) << text << ": " << verdict.reason;
  }
  const auto expect = [&](Collective collective, const char* text) {
    const auto verdict = verify_fingerprint(kernels::build(collective, machine, text), 1, 7);
    EXPECT_TRUE(verdict.ok) << text << ": " << verdict.reason;
  };
  expect(Collective::all_to_all, "direct");
  expect(Collective::all_to_all, "direct(x,y,z)+bruck(pod;radix=4)+bruck(building)+bruck(site)");
  expect(Collective::broadcast, "rhd(x,y,z)+tree(pod)+binomial(building,site)");
  expect(Collective::reduce, "binomial(x,y,z)+binomial(pod,building,site)");
  expect(Collective::gather, "binomial(pod,building,site)+binomial(x,y,z)");
  expect(Collective::gather, "bine(pod,building,site)+bine(x,y,z)");
  expect(Collective::reduce, "bine(x,y,z)+bine(pod,building,site)");
  expect(Collective::scatter, "binomial(pod,building,site)+binomial(x,y,z)");
}

TEST(Fingerprint, OneWrongPartnerIn524288ChipsIsSeen) {
  const auto machine = topology::load_system("rainier");
  kernels::Schedule broken =
      kernels::build(Collective::all_reduce, machine, "rhd(x,y,z)+rhd(pod,building,site;ports=1)");
  std::vector<Exchange*> exchanges;
  collect(broken.root, exchanges);
  exchanges[exchanges.size() / 2]->to.operand.base ^= 1;
  EXPECT_FALSE(verify_fingerprint(broken, 6, 7).ok);
}

}  // namespace
