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
  exchange.chunks[digit] = {Range::Kind::from, chunk};
  exchange.reduce = true;
  return Loop{steps, {exchange}};
}

}  // namespace

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
