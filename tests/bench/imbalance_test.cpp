// All-to-alls in which one chip receives more than others, against every flow and closed forms.
#include <algorithm>
#include <array>
#include <numeric>

#include <gtest/gtest.h>

#include "bench/executor/predict.hpp"
#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/ranks.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/topology/scratch.hpp"

namespace {

using kernels::Collective;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;

using Links = std::array<std::vector<double>, 2>;  // up and down a ring, or out and in of a port

/// Puts every flow of an exchange between all pairs on the links of all chips, one by one: the flow
/// to chip 0 is `busy` long, others 1.
class Flows {
 public:
  Flows(const Machine& machine, double busy) : machine_(&machine), busy_(busy) {
    for (const topology::Level& level : machine.levels) extents_.push_back(level.extent);
    const auto chips = static_cast<std::size_t>(machine.chips());
    links_.assign(extents_.size(), {std::vector<double>(chips), std::vector<double>(chips)});
    for (kernels::Rank from = 0; from < machine.chips(); ++from)
      for (kernels::Rank to = 0; to < machine.chips(); ++to)
        if (from != to) send(from, to, to == 0 ? busy_ : 1);
  }

  [[nodiscard]] double most(std::size_t level, std::size_t direction) const {
    return *std::max_element(links_[level][direction].begin(), links_[level][direction].end());
  }

 private:
  bool is_ring(std::size_t d) const { return machine_->levels[d].shape == LevelShape::ring; }

  void send(kernels::Rank from, kernels::Rank to, double bytes) {
    auto at = kernels::digits_of(from, extents_);
    const auto end = kernels::digits_of(to, extents_);
    std::size_t first = 0;  // ring digit still to correct
    for (std::size_t d = extents_.size(); d-- > 0;) {
      if (is_ring(d) || at[d] == end[d]) continue;
      links_[d][0][static_cast<std::size_t>(kernels::rank_of(at, extents_))] += bytes;
      for (std::size_t lower = 0; lower <= d; ++lower) at[lower] = end[lower];
      links_[d][1][static_cast<std::size_t>(kernels::rank_of(at, extents_))] += bytes;
      first = d + 1;
      break;
    }
    for (std::size_t d = first; d < extents_.size(); ++d)
      if (is_ring(d)) go_round(at, d, end[d], bytes);
  }

  void go_round(std::vector<std::int64_t>& at, std::size_t d, std::int64_t end, double bytes) {
    const std::int64_t n = extents_[d];
    const std::int64_t up = ((end - at[d]) % n + n) % n;
    const auto walk = [&](std::int64_t steps, std::int64_t direction, double share) {
      auto place = at;
      for (std::int64_t i = 0; i < steps; ++i) {
        links_[d][direction > 0 ? 0 : 1]
              [static_cast<std::size_t>(kernels::rank_of(place, extents_))] += share;
        place[d] = (place[d] + direction + n) % n;
      }
    };
    const bool tie = 2 * up == n && n > 2;
    if (tie || n == 2 || 2 * up < n) walk(up, 1, tie ? bytes / 2 : bytes);
    if (tie || (n > 2 && 2 * up > n)) walk(n - up, -1, tie ? bytes / 2 : bytes);
    at[d] = end;
  }

  const Machine* machine_;
  double busy_;
  std::vector<std::int64_t> extents_;
  std::vector<Links> links_;
};

double load_of(const bench::Prediction& p, const std::string& name) {
  for (const topology::LinkClass& link : p.links)
    if (link.name == name) return link.load.value();
  return 0;
}

/// Blocks are one byte in the mean: N bytes of vector.
TEST(Imbalance, LoadsAreThoseOfEveryFlow) {
  for (const Machine& machine :
       {fixtures::torus({4, 4}),
        fixtures::torus({4, 4, 4}),
        fixtures::torus({5, 3}),
        fixtures::torus({2, 8}),
        fixtures::machine({{"x", LevelShape::ring, 4}, {"s", LevelShape::all_to_all, 6}}),
        fixtures::machine({{"x", LevelShape::ring, 4},
                           {"s", LevelShape::all_to_all, 3},
                           {"z", LevelShape::ring, 5}})})
    for (const double imbalance : {1.25, 3.0}) {
      const auto chips = static_cast<double>(machine.chips());
      const double others = (chips - imbalance) / (chips - 1);
      const Flows flows(machine, imbalance / others);
      const auto predicted = bench::predict(
          Collective::all_to_all, machine, Bytes(chips), "direct", {nullptr, imbalance});
      for (std::size_t l = 0; l < machine.levels.size(); ++l) {
        const topology::Level& level = machine.levels[l];
        const bool ring = level.shape == LevelShape::ring;
        if (!ring) {
          const double most = std::max(flows.most(l, 0), flows.most(l, 1));
          EXPECT_NEAR(load_of(predicted, level.name), most * others, 1e-9 * chips);
          continue;
        }
        EXPECT_NEAR(load_of(predicted, level.name + "+"), flows.most(l, 0) * others, 1e-9 * chips)
            << chips << level.name;
        EXPECT_NEAR(load_of(predicted, level.name + "-"), flows.most(l, 1) * others, 1e-9 * chips)
            << chips << level.name;
      }
    }
}

/// On a switch the busy chip's port takes F blocks of each other chip. Over two levels the second
/// phase brings it those of all in its place; the first still has blocks for a whole unit together.
TEST(Imbalance, ClosedFormsOfOneAndTwoPhases) {
  const double imbalance = 2;
  const Machine one = fixtures::machine({{"s", LevelShape::all_to_all, 8, 10}}, 2e-6);
  EXPECT_NEAR(
      bench::predict(Collective::all_to_all, one, Bytes(8e6), "direct", {nullptr, imbalance})
          .time.value(),
      2e-6 + 7 * 2e6 / 10e9,
      1e-15);
  const Machine two = fixtures::machine(
      {{"s", LevelShape::all_to_all, 8, 10}, {"t", LevelShape::all_to_all, 4, 5}}, 2e-6);
  const double others = (32 - imbalance) / 31;
  const double first = 7 * (imbalance + 3 * others) * 1e6 / 10e9;  // blocks for four at a time
  const double second = 3 * 8 * imbalance * 1e6 / 5e9;             // of eight at a time
  EXPECT_NEAR(
      bench::predict(
          Collective::all_to_all, two, Bytes(32e6), "direct(s)+direct(t)", {nullptr, imbalance})
          .time.value(),
      2 * 2e-6 + first + second,
      1e-12);
}

/// Chips of a pod share what goes through a tier above it, of which the busy one is only one: a pod
/// of 4 receives F + 3 g blocks from each of the 8 chips outside, the busy NIC 11 F. Both orders of
/// two phases: in the first, one chip of a pod has blocks for all of its place; or all of a pod
/// have.
TEST(Imbalance, ChipsOfAPodShareAnOversubscribedTier) {
  const double imbalance = 2;
  const double others = (12 - imbalance) / 11;
  const auto time = [&](double rate, const char* text) {
    const Machine machine =
        fixtures::machine({{"pod", LevelShape::clos, 4, 10}, {"site", LevelShape::clos, 3, rate}});
    const auto p =
        bench::predict(Collective::all_to_all, machine, Bytes(12e6), text, {nullptr, imbalance});
    EXPECT_LE(p.bound.time().value(), p.time.value() * (1 + 1e-12)) << text << rate;
    return p.time.value();
  };
  const double pod = 8 * (imbalance + 3 * others) / 4;
  for (const double rate : {10.0, 5.0, 2.5, 1.0})
    EXPECT_NEAR(
        time(rate, "direct(pod,site)"), std::max(11 * imbalance / 10, pod / rate) * 1e-3, 1e-12)
        << rate;
  const double inside = 3 * (imbalance + 2 * others) / 10;  // blocks for the three in one place
  const double into_pod = 2 * 4 * (imbalance + 3 * others) / 4;
  EXPECT_NEAR(time(1, "direct(pod)+direct(site)"), (inside + into_pod) * 1e-3, 1e-12);
  EXPECT_NEAR(time(1, "direct(site)+direct(pod)"),
              (2 * (imbalance + 3 * others) + 3 * 3 * imbalance / 10) * 1e-3,
              1e-12);
}

TEST(Imbalance, NoneIsTheEvenExchangeAndNoneBeatsTheBound) {
  const Machine machine = topology::load_system("rainier");
  const auto at = [&](double imbalance) {
    return bench::predict_best(Collective::all_to_all, machine, Bytes(8e9), {nullptr, imbalance});
  };
  EXPECT_EQ(at(1).time.value(),
            bench::predict(Collective::all_to_all, machine, Bytes(8e9), "auto").time.value());
  double before = at(1).time.value();
  for (const double imbalance : {1.5, 4.0, 100.0, 524288.0}) {
    const bench::Prediction p = at(imbalance);
    EXPECT_LE(p.bound.time(), p.time) << imbalance;
    EXPECT_GT(p.time.value(), before) << imbalance;
    before = p.time.value();
  }
  // All blocks for one chip: it receives them through all its ports at best.
  double ports = 25e9;
  for (const char* level : {"x", "y", "z"})
    ports += machine.levels[machine.level(level)].injection().value();
  EXPECT_NEAR(at(524288).bound.time().value(), 8e9 * (524287.0 / 524288) / ports * 524288, 1e-3);
}

TEST(Imbalance, IsRefusedWhereItIsNotKnown) {
  const Machine machine = fixtures::switched(8);
  for (const char* text : {"pairwise", "bruck"})
    fixtures::expect_mentions(
        fixtures::refusal([&] {
          (void)bench::predict(Collective::all_to_all, machine, Bytes(1e6), text, {nullptr, 2});
        }),
        "direct");
}

}  // namespace
