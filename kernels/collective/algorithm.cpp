#include "kernels/collective/algorithm.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

constexpr std::array radices_of_butterflies{4, 16};
constexpr std::array radices_of_bruck{2, 4};

// Bucket, swing and biring equal ring and rhd where a chip has one port; flat and xor are never
// better.
constexpr std::array algorithm_rows{
    Algorithm{.name = "ring", .phase = ring_phase, .one_level = true},
    Algorithm{.name = "biring", .phase = biring_phase, .one_level = true, .on_switch = false},
    Algorithm{.name = "flat",
              .phase = flat_phase,
              .lanes = true,
              .at_once = true,
              .on_torus = false,
              .on_switch = false},
    Algorithm{.name = "bucket", .phase = bucket_phase, .lanes = true, .on_switch = false},
    Algorithm{.name = "rhd",
              .phase = halving_phase,
              .powers_of_two = true,
              .lanes = true,
              .balances = true},
    Algorithm{.name = "butterfly",
              .phase = butterfly_phase,
              .one_level = true,
              .radices = radices_of_butterflies,
              .on_torus = false},
    Algorithm{.name = "xor",
              .phase = xor_phase,
              .powers_of_two = true,
              .lanes = true,
              .on_torus = false,
              .on_switch = false},
    Algorithm{.name = "swing",
              .phase = swing_phase,
              .powers_of_two = true,
              .lanes = true,
              .on_switch = false},
    Algorithm{
        .name = "direct", .phase = direct_phase, .exchange = direct_exchange, .at_once = true},
    Algorithm{.name = "nvls",
              .phase = nvls_phase,
              .one_level = true,
              .in_switch = true,
              .on_torus = false},
    Algorithm{.name = "doubling", .phase = doubling_phase, .all_reduces = true, .at_once = true},
    Algorithm{.name = "doubletree",
              .phase = double_tree_phase,
              .one_level = true,
              .all_reduces = true,
              .on_torus = false},
    Algorithm{.name = "oneshot", .phase = one_shot_phase, .all_reduces = true, .at_once = true},
    Algorithm{.name = "pairwise", .exchange = pairwise_exchange, .one_level = true},
    Algorithm{.name = "bruck",
              .exchange = bruck_exchange,
              .one_level = true,
              .radices = radices_of_bruck},
    Algorithm{
        .name = "binomial", .reduce = binomial_reduce, .gather = binomial_gather, .lanes = true},
    Algorithm{.name = "bine",
              .reduce = bine_reduce,
              .gather = bine_gather,
              .powers_of_two = true,
              .lanes = true},
    Algorithm{.name = "chain", .reduce = chain_reduce, .one_level = true},
    Algorithm{.name = "tree", .reduce = tree_reduce, .one_level = true, .on_torus = false},
    Algorithm{.name = "dissemination", .barrier = dissemination_barrier, .one_level = true},
};

}  // namespace

std::span<const Algorithm> algorithms() {
  return algorithm_rows;
}

const Algorithm& parse_algorithm(std::string_view text) {
  for (const Algorithm& row : algorithm_rows)
    if (text == row.name) return row;
  std::vector<std::string> names;
  names.reserve(algorithm_rows.size());
  for (const Algorithm& row : algorithm_rows) names.emplace_back(row.name);
  topology::usage_error(topology::unknown_name("algorithm", text, names));
}

PhaseBuilder builder(const Algorithm& algorithm, Collective collective) {
  switch (collective) {
    case Collective::all_to_all:
      return algorithm.exchange;
    case Collective::broadcast:
    case Collective::reduce:  // a reduce-scatter may come first
      if (algorithm.reduce != nullptr || algorithm.all_reduces) return algorithm.reduce;
      return algorithm.phase;
    case Collective::gather:
    case Collective::scatter:
      return algorithm.gather;
    case Collective::barrier:
      return algorithm.barrier;
    case Collective::all_reduce:
      return algorithm.phase;
    case Collective::all_gather:
    case Collective::reduce_scatter:
      return algorithm.all_reduces ? nullptr : algorithm.phase;
  }
  return nullptr;
}

Exchange between_pairs(const Context& context, std::size_t digit, topology::Pairing::Pairs pairs) {
  Exchange exchange;
  exchange.to = {.digits = {digit},
                 .map = {topology::DigitMap::Kind::pairs},
                 .pairing = std::make_shared<topology::Pairing>(std::move(pairs))};
  exchange.chunks = context.chunks;
  return exchange;
}

Node side_by_side(const std::vector<Node>& lanes, const std::vector<double>& weights) {
  Lanes used;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (weights[i] <= 0) continue;
    used.lanes.push_back(lanes[i]);
    used.weights.push_back(weights[i]);
  }
  if (used.lanes.size() == 1) return used.lanes.front();
  return used;
}

Node side_by_side(std::vector<Node> lanes, int ports) {
  if (ports > 0 && static_cast<std::size_t>(ports) < lanes.size())
    lanes.resize(static_cast<std::size_t>(ports));
  if (lanes.size() == 1) return lanes.front();
  const std::vector<double> equal(lanes.size(), 1);
  return Lanes{std::move(lanes), equal};
}

}  // namespace kernels
