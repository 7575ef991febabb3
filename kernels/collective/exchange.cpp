// All-to-all over the digits of a phase: what a chip holds for the members of its group goes to
// them, blocks of earlier phases' sources together. Over levels one after the other it is
// hierarchical: the blocks for an UltraServer are gathered in the chips that speak for it, messages
// are fewer and larger.
//
// Direct: everybody to everybody at once.
//
//   steps              1, with n-1 messages per rank
//   bytes on the wire  (n-1)/n of what the rank holds; on rings times the mean hop count
//   other n            any
//
// Pairwise: in step k to the member k further on.
//
//   steps              n - 1, one message each
//   bytes on the wire  (n-1)/n of what the rank holds
//   other n            any
//   paper              Thakur, Rabenseifner, Gropp: Optimization of collective communication
//                      operations in MPICH, IJHPCA 2005
//
// Bruck: a block makes the jumps that are the digits of its distance, written to mixed bases of at
// most r that multiply to n, lowest first; all jumps of one place at once.
//
//   steps              the number of factors, f - 1 messages in each; log2 n for radix 2
//   bytes on the wire  the sum of (f-1)/f of what the rank holds; log2(n) / 2 of it for radix 2
//   other n            any: a prime factor above r is a step of its own
//   paper              Bruck, Ho, Kipnis, Upfal, Weathersby: Efficient algorithms for all-to-all
//                      communications in multiport message-passing systems, TPDS 1997
#include "kernels/collective/algorithm.hpp"

namespace kernels {
namespace {

Exchange with_chunks_of(const Context& context) {
  Exchange exchange;
  exchange.chunks = context.chunks;
  exchange.blocks = context.blocks;
  return exchange;
}

}  // namespace

Node direct_exchange(const Context& context,
                     const std::vector<std::size_t>& digits,
                     const PhaseOptions& /*options*/) {
  Exchange exchange = with_chunks_of(context);
  exchange.to = {.digits = digits, .every = true};
  for (const std::size_t d : digits) exchange.chunks[d] = {DigitRange::Kind::other, {}};
  return exchange;
}

Node pairwise_exchange(const Context& context,
                       const std::vector<std::size_t>& digits,
                       const PhaseOptions& /*options*/) {
  const std::size_t digit = digits.front();
  Exchange exchange = with_chunks_of(context);
  exchange.to = {.digits = {digit}, .operand = {1, 1}};
  exchange.chunks[digit] = {DigitRange::Kind::other, {}};
  return Loop{context.extents[digit] - 1, {exchange}};
}

Node bruck_exchange(const Context& context,
                    const std::vector<std::size_t>& digits,
                    const PhaseOptions& options) {
  const std::size_t digit = digits.front();
  const std::int64_t extent = context.extents[digit];
  Sequence steps;
  std::int64_t unit = 1;
  for (const std::int64_t base : factors(extent, options.radix)) {
    Together jumps;
    for (std::int64_t jump = unit; jump < unit * base; jump += unit) {
      // Distances left that begin with this jump; shorter ones have been made.
      auto distances = std::make_shared<std::vector<std::int64_t>>();
      for (std::int64_t d = jump; d < extent; d += unit * base) distances->push_back(d);
      Exchange exchange = with_chunks_of(context);
      exchange.to = {.digits = {digit}, .operand = {jump, 0}};
      exchange.chunks[digit].kind = DigitRange::Kind::offsets;
      exchange.chunks[digit].offsets = distances;
      exchange.blocks = context.blocks * static_cast<double>(unit);
      jumps.parts.emplace_back(exchange);
    }
    steps.steps.emplace_back(std::move(jumps));
    unit *= base;
  }
  return steps;
}

}  // namespace kernels
