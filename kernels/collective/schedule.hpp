// An algorithm, written once as a value and read by many: a small tree that says what every rank
// does, in terms of its own digits. It never lists transfers: a ring over 524,288 ranks is one
// loop.
//
// Ranks have mixed-radix digits, one per level of the group, digit 0 fastest. The full vector is
// cut into one chunk per rank, chunk c belongs to rank c and has its digits. What a message carries
// is a box of chunks relative to one of its two ends: per digit, a set of values seen from there.
//
//   ring over n members        loop k < n-1:  to +1, send chunk (own - k - 1), reduce
//   halving, bit j             to own ^ 2^j,  send the half of the chunks that has the partner's
//   bit direct                     to every other member at once, send that member's chunk
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "kernels/collective/collective.hpp"
#include "topology/digit_map.hpp"

namespace kernels {

/// base + slope c, where c is the counter k of the innermost enclosing loop; in an odometer, how
/// often one of its digits has moved before step k: floor(k / unit) - floor(k / turn).
struct Affine {
  std::int64_t base = 0;
  std::int64_t slope = 0;
  std::int64_t unit = 1;   ///< steps from one move of the digit to the next
  std::int64_t turn = 0;   ///< steps until the next digit moves in its place; 0: there is none
  std::int64_t ahead = 0;  ///< steps that the counter is ahead of the loop

  [[nodiscard]] std::int64_t at(std::int64_t k) const {
    const std::int64_t step = k + ahead;
    return base + slope * (step / unit - (turn > 0 ? step / turn : 0));
  }
};

/// Values of one digit of a chunk's index, seen from the anchor: the end of the message that the
/// box is relative to.
struct DigitRange {
  enum class Kind {
    all,        ///< every value
    from,       ///< the anchor's own digit + start
    other,      ///< the digit of the message's other end
    span,       ///< from the own digit on, `length` values, none beyond the last
    cube,       ///< values v with label(v ^ own) & mask == value
    congruent,  ///< values that leave the own digit's remainder when divided by `modulus`
    offsets,    ///< own digit + each of `offsets`
    swung,      ///< the same, from odd members own digit - each
  };
  Kind kind = Kind::all;
  Affine start;
  std::uint32_t mask = 0;
  std::uint32_t value = 0;
  /// label(v) is v, or its Gray code: a ring of 4 read 00, 01, 11, 10 is the 2-cube, so that
  /// flipping either bit is one hop.
  bool gray = false;
  std::shared_ptr<const std::vector<std::int64_t>> offsets{};
  std::int64_t length = 1;
  std::int64_t modulus = 1;  ///< divides the extent
};

using Box = std::vector<DigitRange>;  ///< one range per digit

/// Whom a rank sends to: one other member of a digit, or each rank that differs from it in the
/// digits of a list and only there, one message each.
struct Partner {
  std::vector<std::size_t> digits;  ///< one digit, or the list
  bool every = false;
  topology::DigitMap map{};                            ///< where `every` is false
  Affine operand{};                                    ///< of the map, in place of its own
  std::shared_ptr<const topology::Pairing> pairing{};  ///< of a map that lists pairs

  /// The map on the one digit when the loop counter is `k`.
  [[nodiscard]] topology::DigitMap at(std::int64_t k) const {
    return {map.kind, operand.at(k), map.unit, map.base, pairing.get(), map.reversed};
  }
};

/// Every rank sends the chunks of a box to its partner(s), which reduce them into their own copy or
/// overwrite it. All sends of an exchange happen before any of its receives is applied.
struct Exchange {
  Partner to;
  Box chunks;
  bool reduce = false;
  bool in_switch = false;             ///< the switch adds up or copies: a port has each chunk once
  bool anchored_at_receiver = false;  ///< the box is relative to the receiver (a mirrored exchange)
  double blocks = 1;  ///< of an all-to-all: blocks for the same chunk that have come together; of
                      ///< a barrier 0: its messages are empty
  std::vector<std::size_t> at_root{};  ///< only ranks whose digits here are 0 take part
};

struct Node;

struct Sequence {
  std::vector<Node> steps;
};

struct Loop {
  std::int64_t count = 0;
  std::vector<Node> body;
};

/// Steps that count through all members of several digits: one hop of the fastest digit after the
/// other, a hop of the next digit whenever that has come round, and so on; the members less one.
struct Odometer {
  std::vector<Exchange> hops;         ///< by digit, fastest first
  std::vector<std::int64_t> extents;  ///< of these digits

  [[nodiscard]] std::int64_t steps() const;

  /// Which of the hops step `k` is.
  [[nodiscard]] std::size_t digit(std::int64_t k) const;
};

/// What runs side by side on the whole of every chunk: each step of the sequence with the same step
/// of the others.
struct Together {
  std::vector<Node> parts;
};

/// Lanes run side by side, each on its share (weight / sum of weights) of every chunk.
struct Lanes {
  std::vector<Node> lanes;
  std::vector<double> weights;
};

struct Node : std::variant<Sequence, Loop, Odometer, Together, Lanes, Exchange> {
  using variant::variant;
};

struct Schedule {
  Collective collective = Collective::all_reduce;
  std::vector<std::int64_t> extents;  ///< members per digit
  std::string algorithm;              ///< as it can be typed again
  Node root;
  /// Equal parts of every chunk. Each goes through the whole tree, behind the one before it
  /// wherever that has left the links free.
  std::int64_t slices = 1;
  /// Of an all-to-all: what the busiest rank receives, over what all receive in the mean.
  double imbalance = 1;

  [[nodiscard]] std::int64_t ranks() const;
};

/// Time reversal with copies in place of reductions: the mirror of a reduce-scatter is an
/// all-gather with the same loads on the opposite links.
[[nodiscard]] Node mirror(const Node& node);

/// Reserves every exchange for the ranks whose `digits` are 0, too.
void reserve_for_root(Node& node, const std::vector<std::size_t>& digits);

/// Does every exchange reach all members of its digits at once? Only there it is known what a rank
/// that receives more than others does to the links.
[[nodiscard]] bool takes_imbalance(const Schedule& schedule);

/// Messages that a rank sends, and receives, in one exchange.
[[nodiscard]] double messages(const Partner& to, const std::vector<std::int64_t>& extents);

/// Number of chunks in a box of a group.
[[nodiscard]] double chunks_in(const Box& box, const std::vector<std::int64_t>& extents);

}  // namespace kernels
