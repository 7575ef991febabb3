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
//   paper              Thakur, Rabenseifner, Gropp: Optimization of collective communication
//                      operations in MPICH, IJHPCA 2005
#include <algorithm>

#include "kernels/collective/algorithms.hpp"

namespace kernels {
namespace {

bool is_gray(const Context& context, std::size_t digit) {
  return context.ring[digit] && context.extents[digit] == 4;
}

struct Bit {
  std::size_t digit;
  std::uint32_t label;  // the bit in the digit's label
  std::int64_t flip;    // what that is in the digit itself
};

/// The bits of one digit, nearest members first, below `end` and from `begin` on.
void append(std::vector<Bit>& bits,
            const Context& context,
            std::size_t digit,
            std::uint32_t begin,
            std::uint32_t end) {
  const auto extent = static_cast<std::uint32_t>(context.extents[digit]);
  for (std::uint32_t label = begin; label < std::min(end, extent); label *= 2) {
    // Gray code of v is v ^ v/2: its upper bit changes alone when both bits of v flip.
    const std::uint32_t flip = is_gray(context, digit) ? 2 * label - 1 : label;
    bits.push_back({digit, label, static_cast<std::int64_t>(flip)});
  }
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

Node lane(const Context& context, const std::vector<Bit>& bits, std::size_t first) {
  Sequence steps;
  Box held = context.chunks;  // chunks that agree with the rank in all bits done so far
  for (std::size_t s = 0; s < bits.size(); ++s) {
    const Bit& bit = bits[(first + s) % bits.size()];
    Range& range = held[bit.digit];
    range = {Range::Kind::cube, {}, range.mask | bit.label, 0, is_gray(context, bit.digit)};
    Exchange exchange;
    exchange.to = {Partner::Kind::flip, {bit.digit}, {}, bit.flip};
    exchange.chunks = held;
    exchange.chunks[bit.digit].value = bit.label;  // of these, the half with the partner's bit
    exchange.reduce = true;
    steps.steps.emplace_back(exchange);
  }
  return steps;
}

}  // namespace

Node halving_phase(const Context& context, const std::vector<std::size_t>& digits, int ports) {
  const std::vector<Bit> bits = bits_of(context, digits);
  const std::size_t count = ports > 0 ? static_cast<std::size_t>(ports) : bits.size();
  if (count <= 1) return lane(context, bits, 0);
  Lanes lanes;
  for (std::size_t i = 0; i < count; ++i) {
    lanes.lanes.push_back(lane(context, bits, i * bits.size() / count));
    lanes.weights.push_back(1);
  }
  return lanes;
}

}  // namespace kernels
