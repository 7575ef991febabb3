// Ring reduce-scatter: each partial sum travels once around the ring and collects a term per stop.
//
//   steps              n - 1
//   bytes on the wire  (n-1)/n of what the rank still holds
//   other n            any
//   paper              Patarasuk, Yuan: Bandwidth optimal all-reduce algorithms for clusters of
//                      workstations, JPDC 2009
//
// Bidirectional ring: the partial sums come from both sides and meet at their owner, so that both
// directions of a ring work and each sum makes half the way.
//
//   steps              floor(n/2)
//   bytes on the wire  (n-1)/n of what the rank still holds, half of it each way
//   other n            any; for an even n the farthest member is reached from one side only
//   paper              Chan, Heimlich, Purkayastha, van de Geijn: Collective communication: theory,
//                      practice, and experience, CCPE 2007
//
// Flat ring: one ring through all members of several levels. A partial sum goes round in the lowest
// level, takes a step in the next, goes round again; each member hands on one sum in every step, so
// that nobody waits for the long way while others go the short one. On a torus 2D lanes start at
// each dimension, up and down.
//
//   steps              N - 1; n-1 of n in the lowest level
//   bytes on the wire  (N-1)/N of what the rank still holds
//   other N            any
//   paper              the ring of Patarasuk, Yuan; what NCCL and Neuron run where they know of no
//                      hierarchy
#include <algorithm>

#include "kernels/collective/algorithm.hpp"

namespace kernels {
namespace {

/// `steps` hops of +1 or -1; in hop k a rank passes on the chunk that is own + first + slope k.
Node travel(const Context& context,
            std::size_t digit,
            std::int64_t steps,
            std::int64_t direction,
            Affine chunk) {
  Exchange exchange;
  exchange.to = {.digits = {digit}, .operand = {direction, 0}};
  exchange.chunks = context.chunks;
  exchange.chunks[digit] = {DigitRange::Kind::from, chunk};
  exchange.reduce = true;
  return Loop{steps, {exchange}};
}

/// One lane of a flat ring: `digits` in the order of travel.
Node travel_through(const Context& context,
                    const std::vector<std::size_t>& digits,
                    std::int64_t direction) {
  Odometer path;
  std::int64_t members = 1;
  for (const std::size_t d : digits) members *= context.extents[d];
  Box chunks = context.chunks;
  std::int64_t unit = 1;
  for (const std::size_t d : digits) {
    const std::int64_t turn = unit * context.extents[d];
    const Affine moved{0, -direction, unit, turn};
    chunks[d] = {DigitRange::Kind::from, moved};
    chunks[d].start.base = -moved.at(members - 1);  // the way that is left ends at the owner
    path.extents.push_back(context.extents[d]);
    unit = turn;
  }
  for (const std::size_t d : digits) {
    Exchange hop;
    hop.to = {.digits = {d}, .operand = {direction, 0}};
    hop.chunks = chunks;
    hop.reduce = true;
    path.hops.push_back(std::move(hop));
  }
  return path;
}

}  // namespace

Node flat_phase(const Context& context,
                const std::vector<std::size_t>& digits,
                const PhaseOptions& options) {
  const auto torus =
      std::count_if(digits.begin(), digits.end(), [&](std::size_t d) { return context.ring[d]; });
  std::vector<Node> lanes;
  for (const std::int64_t direction : {1, -1})
    for (std::ptrdiff_t start = 0; start < std::max<std::ptrdiff_t>(torus, 1); ++start) {
      std::vector<std::size_t> order = digits;
      std::stable_partition(
          order.begin(), order.end(), [&](std::size_t d) { return bool{context.ring[d]}; });
      std::rotate(order.begin(), order.begin() + start, order.begin() + torus);
      lanes.push_back(travel_through(context, order, direction));
      if (torus == 0) return lanes.front();
    }
  return side_by_side(std::move(lanes), options.ports);
}

Node ring_phase(const Context& context,
                const std::vector<std::size_t>& digits,
                const PhaseOptions& /*options*/) {
  const std::size_t digit = digits.front();
  return travel(context, digit, context.extents[digit] - 1, 1, {-1, -1});
}

Node biring_phase(const Context& context,
                  const std::vector<std::size_t>& digits,
                  const PhaseOptions& /*options*/) {
  const std::size_t digit = digits.front();
  const std::int64_t up = context.extents[digit] / 2;
  const std::int64_t down = (context.extents[digit] - 1) / 2;
  Together both;
  both.parts.push_back(travel(context, digit, up, 1, {up, -1}));
  if (down > 0) both.parts.push_back(travel(context, digit, down, -1, {-down, 1}));
  return both;
}

}  // namespace kernels
