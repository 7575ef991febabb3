// To and from a root, member 0 of each level. Written as a reduce, or a gather, of which broadcast
// and scatter are the mirrors. Phases go up the levels; in each the root lines of the levels before
// take part. A reduce may begin with phases of a reduce-scatter, whose chunks a gather (Bine on
// rings of powers of two, else binomial) takes to the root at the end: mirrored, the scatter and
// all-gather of a long broadcast (van de Geijn).
//
// Binomial: in step k the members whose number ends in 1 and k zeros hand what they have to the one
// 2^k below. Several rings take turns, a lane beginning with each, to use the ports of the root.
//
//   steps              ceil(log2 n), for each level
//   bytes on the wire  a member sends once: all of it in a reduce; in a gather its subtree's
//   chunks.
//                      The root of a gather receives (n-1)/n
//   other n            any
//
// Chain: from the last member to the first. In m slices the links work at once.
//
//   steps              n - 1 for a slice, slices one behind the other: (n-2+m) of size/m
//   bytes on the wire  each member once
//   other n            any
//   paper              Chan, Heimlich, Purkayastha, van de Geijn: Collective communication: theory,
//                      practice, and experience, CCPE 2007 (both)
//
// Dissemination barrier: in step k an empty message to the member 2^k further on.
//
//   steps              ceil(log2 n)
//   bytes on the wire  0
//   other n            any
//   paper              Hensgen, Finkel, Manber: Two algorithms for barrier synchronization, IJPP
//   1988
#include <algorithm>
#include <bit>
#include <utility>

#include "kernels/collective/algorithm.hpp"

namespace kernels {
namespace {

using DigitOrder = std::vector<std::size_t>;
using Pairs = topology::Pairing::Pairs;

/// Members that end in 1 and zeros, and the one that far below.
Pairs binomial_pairs(std::int64_t extent, std::int64_t distance) {
  Pairs pairs;
  for (std::int64_t v = distance; v < extent; v += 2 * distance)
    pairs.emplace_back(v, v - distance);
  return pairs;
}

Node reduce_along(Context& context, std::size_t digit) {
  Sequence steps;
  for (std::int64_t k = 1; k < context.extents[digit]; k *= 2) {
    Exchange exchange = between_pairs(context, digit, binomial_pairs(context.extents[digit], k));
    exchange.reduce = true;
    steps.steps.emplace_back(std::move(exchange));
  }
  return steps;
}

Node gather_along(Context& context, std::size_t digit) {
  Sequence steps;
  for (std::int64_t k = 1; k < context.extents[digit]; k *= 2) {
    Exchange exchange = between_pairs(context, digit, binomial_pairs(context.extents[digit], k));
    exchange.chunks[digit].kind = DigitRange::Kind::span;
    exchange.chunks[digit].length = std::min(k, context.extents[digit] - k);
    steps.steps.emplace_back(std::move(exchange));
  }
  context.chunks[digit] = {};
  return steps;
}

}  // namespace

Node in_turns(const Context& context,
              DigitOrder digits,
              int ports,
              const std::vector<AlongDigit>& ways) {
  std::vector<Node> lanes;
  std::vector<double> weights;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    for (const AlongDigit& along : ways) {
      Sequence steps;
      Context lane = context;
      DigitOrder done;
      for (const std::size_t d : digits) {
        Node node = along(lane, d);
        reserve_for_root(node, done);
        steps.steps.push_back(std::move(node));
        done.push_back(d);
      }
      lanes.emplace_back(std::move(steps));
      weights.push_back(context.rate[digits.back()].value());
    }
    std::rotate(digits.begin(), digits.begin() + 1, digits.end());
  }
  if (ports > 0) return side_by_side(std::move(lanes), ports);
  return side_by_side(lanes, weights);
}

Node binomial_reduce(const Context& context,
                     const DigitOrder& digits,
                     const PhaseOptions& options) {
  return in_turns(context, digits, options.ports, {reduce_along});
}

Node binomial_gather(const Context& context,
                     const DigitOrder& digits,
                     const PhaseOptions& options) {
  return in_turns(context, digits, options.ports, {gather_along});
}

namespace {

/// Over rings side by side: Bine if all are powers of two.
Node gather_rings(const Context& context, const DigitOrder& rings) {
  const bool bine = std::all_of(rings.begin(), rings.end(), [&](std::size_t d) {
    return std::has_single_bit(static_cast<std::uint64_t>(context.extents[d]));
  });
  return bine ? bine_gather(context, rings, {}) : binomial_gather(context, rings, {});
}

/// From the last level on; of switched levels of one rate the widest first, where chips have least.
DigitOrder back_from_afar(const Context& context, DigitOrder digits) {
  std::reverse(digits.begin(), digits.end());
  for (auto at = digits.begin(); at != digits.end();) {
    const auto end = std::find_if(at, digits.end(), [&](std::size_t d) {
      return context.ring[d] || context.rate[d].value() != context.rate[*at].value();
    });
    std::stable_sort(at, end, [&](std::size_t a, std::size_t b) {
      return context.extents[a] > context.extents[b];
    });
    at = end == at ? std::next(at) : end;
  }
  return digits;
}

}  // namespace

Node gather_back(const Context& context, DigitOrder digits) {
  digits = back_from_afar(context, std::move(digits));
  Context now = context;
  DigitOrder done;
  Sequence steps;
  for (auto at = digits.begin(); at != digits.end();) {
    const bool ring = context.ring[*at];
    const auto end = ring ? std::find_if(at, digits.end(), [&](auto d) { return !context.ring[d]; })
                          : std::next(at);
    const DigitOrder part(at, end);
    steps.steps.push_back(ring ? gather_rings(now, part) : gather_along(now, *at));
    reserve_for_root(steps.steps.back(), done);
    for (const std::size_t d : part) now.chunks[d] = {};
    done.insert(done.end(), at, end);
    at = end;
  }
  return steps;
}

Node chain_reduce(const Context& context,
                  const DigitOrder& digits,
                  const PhaseOptions& /*options*/) {
  const std::size_t digit = digits.front();
  Sequence steps;
  for (std::int64_t v = context.extents[digit] - 1; v > 0; --v) {
    Exchange exchange = between_pairs(context, digit, {{v, v - 1}});
    exchange.reduce = true;
    steps.steps.emplace_back(std::move(exchange));
  }
  return steps;
}

Node dissemination_barrier(const Context& context,
                           const DigitOrder& digits,
                           const PhaseOptions& /*options*/) {
  const std::size_t digit = digits.front();
  Sequence steps;
  for (std::int64_t k = 1; k < context.extents[digit]; k *= 2) {
    Exchange exchange;
    exchange.to = {.digits = {digit}, .operand = {k, 0}};
    exchange.chunks = context.chunks;
    exchange.reduce = true;
    exchange.blocks = 0;
    steps.steps.emplace_back(std::move(exchange));
  }
  return steps;
}

}  // namespace kernels
