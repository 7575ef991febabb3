// Recursive halving on a hypercube: in each step a rank and its partner across one bit split what
// they still hold. The bits of several digits make one hypercube; a torus dimension of 4, read as a
// Gray code, is two of its bits with neighbours one hop apart (4x4x4 = 6-cube).
//
//   steps              log2 N
//   bytes on the wire  (N-1)/N of what the rank still holds
//   other N            not supported: every extent must be a power of two
//   lanes              lane i starts at bit i and goes round, so that in every step each bit is
//                      flipped by one lane; on a 4^D torus every directed link then carries exactly
//                      one message per step and the bandwidth bound is met
//   balanced           where links differ (the Z links of an UltraServer have half the rate), lanes
//                      can be weighted so that all are busy for the same time, and lanes that run
//                      free of each other, as slices do, reach the bandwidth bound
//   paper              Thakur, Rabenseifner, Gropp: Optimization of collective communication
//                      operations in MPICH, IJHPCA 2005
//
// xor: the same on the natural labels of a torus, dimensions taking turns, one lane starting at
// each of them: the textbook form, which leaves half of the links idle and loads some with 2^j
// messages.
//
//   steps, bytes       the same
//
// Recursive doubling: the partners exchange all they hold and both add it up: an all-reduce.
//
//   steps              log2 N
//   bytes on the wire  log2 N times what the rank still holds
//   other N            a level of p + r members, p a power of two, is folded: the last r first give
//                      theirs to the first r and get the sum at the end; two steps more, and as
//                      many bytes again on r members
#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "kernels/collective/algorithm.hpp"

namespace kernels {
namespace {

bool is_gray(const Context& context, std::size_t digit) {
  return context.ring[digit] && context.extents[digit] == 4;
}

struct Bit {
  std::size_t digit = 0;
  std::uint32_t label = 0;  // the bit in the digit's label
  bool gray = false;

  /// What that is in the digit itself. The Gray code of v is v ^ v/2: its upper bit changes alone
  /// when both bits of v flip.
  [[nodiscard]] std::int64_t flip() const { return gray ? 2 * label - 1 : label; }

  [[nodiscard]] Partner partner() const {
    return {
        .digits = {digit}, .map = {topology::DigitMap::Kind::exclusive_or}, .operand = {flip(), 0}};
  }
};

/// The bits of one digit, nearest members first, below `end` and from `begin` on.
void append(std::vector<Bit>& bits,
            const Context& context,
            std::size_t digit,
            std::uint32_t begin,
            std::uint32_t end) {
  const auto extent = static_cast<std::uint32_t>(context.extents[digit]);
  for (std::uint32_t label = begin; label < std::min(end, extent); label *= 2)
    bits.push_back({digit, label, is_gray(context, digit)});
}

/// The torus first, nearest members of all its dimensions before farther ones; then the switched
/// levels one after the other, so that each carries only what the levels below have left.
std::vector<Bit> bits_of(const Context& context, const std::vector<std::size_t>& digits) {
  std::vector<Bit> bits;
  for (std::uint32_t label = 1; label < (1U << 31U); label *= 2)
    for (const std::size_t d : digits)
      if (context.ring[d]) append(bits, context, d, label, 2 * label);
  for (const std::size_t d : digits)
    if (!context.ring[d]) append(bits, context, d, 1, 1U << 31U);
  return bits;
}

Node lane(const Context& context, const std::vector<Bit>& bits) {
  Sequence steps;
  steps.steps.reserve(bits.size());
  Box held = context.chunks;  // chunks that agree with the rank in all bits done so far
  for (const Bit& bit : bits) {
    DigitRange& range = held[bit.digit];
    range = {DigitRange::Kind::cube, {}, range.mask | bit.label, 0, bit.gray};
    Exchange exchange;
    exchange.to = bit.partner();
    exchange.chunks = held;
    exchange.chunks[bit.digit].value = bit.label;  // of these, the half with the partner's bit
    exchange.reduce = true;
    steps.steps.emplace_back(std::move(exchange));
  }
  return steps;
}

/// Weights of the lanes for which every link is busy for the same time. With B bits, lane i puts
/// 2^-(s+1) of its share on bit i+s, so bit b carries sum_s f(b-s) 2^-(s+1): a geometric circulant,
/// whose inverse is f(b) = (2 w(b) - w(b-1)) / (1 - 2^-B) for loads w in proportion to the rates.
/// No lane has a negative share, so w(b-1) is at most 2 w(b): what a link could do beyond that no
/// weights use up. The largest such w, bit by bit, carries most in a given time.
std::vector<double> balance(const Context& context, const std::vector<Bit>& bits) {
  const std::size_t count = bits.size();
  std::vector<double> used;
  used.reserve(count);
  for (const Bit& bit : bits) used.push_back(context.rate[bit.digit].value());
  for (std::size_t i = 2 * count; i-- > 0;)  // all the way round from the slowest
    used[i % count] = std::min(used[i % count], 2 * used[(i + 1) % count]);
  std::vector<double> weights;
  weights.reserve(count);
  for (std::size_t b = 0; b < count; ++b)
    weights.push_back(2 * used[b] - used[(b + count - 1) % count]);
  return weights;
}

/// Recursive doubling over a digit whose extent is no power of two.
void append_folded(Sequence& steps, const Context& context, std::size_t digit) {
  const std::int64_t members = context.extents[digit];
  const auto whole = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(members)));
  const auto add = [&](topology::Pairing::Pairs pairs, bool reduce) {
    Exchange exchange = between_pairs(context, digit, std::move(pairs));
    exchange.reduce = reduce;
    steps.steps.emplace_back(std::move(exchange));
  };
  topology::Pairing::Pairs folded;
  topology::Pairing::Pairs unfolded;
  for (std::int64_t i = 0; i < members - whole; ++i) {
    folded.emplace_back(whole + i, i);
    unfolded.emplace_back(i, whole + i);
  }
  add(folded, true);
  for (std::int64_t bit = 1; bit < whole; bit *= 2) {
    topology::Pairing::Pairs partners;
    for (std::int64_t i = 0; i < whole; ++i) partners.emplace_back(i, i ^ bit);
    add(partners, true);
  }
  add(unfolded, false);
}

}  // namespace

Node halving_phase(const Context& context,
                   const std::vector<std::size_t>& digits,
                   const PhaseOptions& options) {
  const std::vector<Bit> bits = bits_of(context, digits);
  const std::size_t count = options.ports > 0
                                ? std::min(static_cast<std::size_t>(options.ports), bits.size())
                                : bits.size();
  std::vector<Node> lanes;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<Bit> turned = bits;
    const auto first = static_cast<std::ptrdiff_t>(i * bits.size() / count);
    std::rotate(turned.begin(), turned.begin() + first, turned.end());
    lanes.push_back(lane(context, turned));
  }
  if (options.balanced && count == bits.size()) return side_by_side(lanes, balance(context, bits));
  return side_by_side(std::move(lanes), 0);
}

Node xor_phase(const Context& context,
               const std::vector<std::size_t>& digits,
               const PhaseOptions& options) {
  std::vector<Node> lanes;
  for (std::size_t start = 0; start < digits.size(); ++start) {
    std::vector<std::size_t> turned = digits;
    std::rotate(turned.begin(), turned.begin() + static_cast<std::ptrdiff_t>(start), turned.end());
    std::vector<Bit> bits = bits_of(context, turned);
    for (Bit& bit : bits) bit.gray = false;
    lanes.push_back(lane(context, bits));
  }
  return side_by_side(std::move(lanes), options.ports);
}

Node doubling_phase(const Context& context,
                    const std::vector<std::size_t>& digits,
                    const PhaseOptions& /*options*/) {
  Sequence steps;
  std::vector<std::size_t> hypercube;
  for (const std::size_t d : digits) {
    if (std::has_single_bit(static_cast<std::uint64_t>(context.extents[d])))
      hypercube.push_back(d);
    else
      append_folded(steps, context, d);
  }
  for (const Bit& bit : bits_of(context, hypercube)) {
    Exchange exchange;
    exchange.to = bit.partner();
    exchange.chunks = context.chunks;
    exchange.reduce = true;
    steps.steps.emplace_back(std::move(exchange));
  }
  return steps;
}

}  // namespace kernels
