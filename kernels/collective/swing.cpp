// Swing: recursive halving whose partners alternate around a ring, even members one way, odd ones
// the other, at distances 1, -1, 3, -5, 11, … = (1 - (-2)^(q+1)) / 3 in step q of a dimension. Each
// distance is about half of the butterfly's, and both directions of a ring work. Dimensions take
// turns. With all ports, 2D lanes: one starts at each dimension, and the mirror image of each.
//
//   steps              log2 N
//   bytes on the wire  (N-1)/N of what the rank still holds
//   other N            not supported: every extent must be a power of two
//   paper              De Sensi, Bonato, Saam, Hoefler: Swing: short-cutting rings for higher
//                      bandwidth allreduce, NSDI 2024
//
// Bine trees: binomial trees whose members are Swing's partners; each has its subtree on both sides
// of it. A broadcast goes to the partner at the greatest distance first: reduce and gather, of
// which it is the mirror, begin with the nearest. On rings the mirror image works beside it. Bine's
// butterfly is Swing's.
//
//   steps              log2 n, for each level
//   bytes on the wire  a member sends once: all of it in a reduce; in a gather its subtree's
//                      chunks. The root of a gather receives (n-1)/n
//   other n            not supported: every extent must be a power of two
//   paper              De Sensi, Saam, Bonato, …, Hoefler: Bine trees: enhancing collective
//                      operations by optimizing communication locality, SC 2025
#include <algorithm>
#include <bit>
#include <numeric>

#include "kernels/collective/algorithm.hpp"

namespace kernels {
namespace {

using Offsets = std::vector<std::int64_t>;

/// (1 - (-2)^(q+1)) / 3, of which each is 1 - 2 times the one before.
std::int64_t distance(std::int64_t step) {
  std::int64_t distance = 1;
  for (std::int64_t q = 0; q < step; ++q) distance = 1 - 2 * distance;
  return distance;
}

/// The steps along one dimension.
class Dimension {
 public:
  Dimension(std::int64_t extent, std::int64_t sign)
      : extent_(extent),
        steps_(std::countr_zero(static_cast<std::uint64_t>(extent))),
        sign_(sign) {}

  [[nodiscard]] std::int64_t steps() const { return steps_; }

  [[nodiscard]] std::int64_t move(std::int64_t step) const { return sign_ * distance(step); }

  /// Members whose chunks an even member holds before `step`, as offsets from it: those that it can
  /// still reach. An odd member's are the mirror image.
  [[nodiscard]] Offsets held(std::int64_t step) const {
    Offsets reached{0};
    for (std::int64_t s = steps_ - 1; s >= step; --s) {
      const Offsets more = seen_from_partner(reached, s);
      reached.insert(reached.end(), more.begin(), more.end());
    }
    return reached;
  }

  /// Of these, the ones that the partner of `step` will reach: what is sent.
  [[nodiscard]] Offsets sent(std::int64_t step) const {
    return seen_from_partner(held(step + 1), step);
  }

  /// Of a Bine tree, the subtree of an even member before `step` of a reduce, as offsets from it.
  [[nodiscard]] Offsets subtree(std::int64_t step) const {
    Offsets reached{0};
    for (std::int64_t s = 0; s < step; ++s) {
      const Offsets more = seen_from_partner(reached, s);
      reached.insert(reached.end(), more.begin(), more.end());
    }
    return reached;
  }

  /// Who sends to whom in `step` of a reduce to member 0.
  [[nodiscard]] topology::Pairing::Pairs tree_edges(std::int64_t step) const {
    topology::Pairing::Pairs edges;
    std::vector<std::int64_t> inner{0};
    for (std::int64_t s = steps_ - 1; s >= step; --s) {
      edges.clear();
      const topology::DigitMap partner{topology::DigitMap::Kind::swing, move(s)};
      for (const std::int64_t to : inner) edges.emplace_back(partner(to, extent_), to);
      for (const auto& [from, to] : edges) inner.push_back(from);
    }
    return edges;
  }

 private:
  /// The partner has the other parity: its offsets are mirrored, and it is `move` away.
  [[nodiscard]] Offsets seen_from_partner(Offsets offsets, std::int64_t step) const {
    for (std::int64_t& o : offsets) o = ((move(step) - o) % extent_ + extent_) % extent_;
    return offsets;
  }

  std::int64_t extent_;
  std::int64_t steps_;
  std::int64_t sign_;
};

DigitRange range(Offsets offsets) {
  DigitRange range;
  range.kind = DigitRange::Kind::swung;
  range.offsets = std::make_shared<const Offsets>(std::move(offsets));
  return range;
}

Node lane(const Context& context,
          const std::vector<std::size_t>& digits,
          std::size_t start,
          std::int64_t sign) {
  Sequence steps;
  Box held = context.chunks;
  std::int64_t rounds = 0;
  for (const std::size_t d : digits)
    rounds = std::max(rounds, Dimension(context.extents[d], sign).steps());
  for (std::int64_t step = 0; step < rounds; ++step)
    for (std::size_t i = 0; i < digits.size(); ++i) {
      const std::size_t digit = digits[(start + i) % digits.size()];
      const Dimension dimension(context.extents[digit], sign);
      if (step >= dimension.steps()) continue;
      Exchange exchange;
      exchange.to = {.digits = {digit},
                     .map = {topology::DigitMap::Kind::swing},
                     .operand = {dimension.move(step), 0}};
      exchange.chunks = held;
      exchange.chunks[digit] = range(dimension.sent(step));
      exchange.reduce = true;
      steps.steps.emplace_back(std::move(exchange));
      held[digit] = range(dimension.held(step + 1));
    }
  return steps;
}

/// Along one digit; `sign` 1 or its mirror image, -1.
Node bine_along(Context& context, std::size_t digit, std::int64_t sign, bool gather) {
  const Dimension dimension(context.extents[digit], sign);
  Sequence steps;
  for (std::int64_t step = 0; step < dimension.steps(); ++step) {
    Exchange exchange = between_pairs(context, digit, dimension.tree_edges(step));
    exchange.reduce = !gather;
    if (gather) exchange.chunks[digit] = range(dimension.subtree(step));
    steps.steps.emplace_back(std::move(exchange));
  }
  if (gather) context.chunks[digit] = {};
  return steps;
}

/// On rings both mirror images at once, for both ports of the root.
Node bine(const Context& context,
          const std::vector<std::size_t>& digits,
          const PhaseOptions& options,
          bool gather) {
  std::vector<AlongDigit> ways;
  for (const std::int64_t sign : {1, -1}) {
    ways.emplace_back([sign, gather](Context& lane, std::size_t digit) {
      return bine_along(lane, digit, sign, gather);
    });
    if (std::none_of(digits.begin(), digits.end(), [&](std::size_t d) { return context.ring[d]; }))
      break;
  }
  return in_turns(context, digits, options.ports, ways);
}

}  // namespace

Node bine_reduce(const Context& context,
                 const std::vector<std::size_t>& digits,
                 const PhaseOptions& options) {
  return bine(context, digits, options, false);
}

Node bine_gather(const Context& context,
                 const std::vector<std::size_t>& digits,
                 const PhaseOptions& options) {
  return bine(context, digits, options, true);
}

Node swing_phase(const Context& context,
                 const std::vector<std::size_t>& digits,
                 const PhaseOptions& options) {
  std::vector<Node> lanes;
  for (const std::int64_t sign : {1, -1})
    for (std::size_t start = 0; start < digits.size(); ++start)
      lanes.push_back(lane(context, digits, start, sign));
  return side_by_side(std::move(lanes), options.ports);
}

}  // namespace kernels
