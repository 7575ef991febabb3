// Bucket: a ring per dimension of a torus, one dimension after the other. With all ports, 2D lanes
// run at once: lane (i, +) starts at dimension i and goes up its rings, lane (i, -) down; phases
// are in step. On a cubic torus no two lanes ever meet on a link.
//
//   steps              sum of the largest remaining extents; D (n-1) on a cubic torus
//   bytes on the wire  (N-1)/N of what the rank still holds
//   other n            any; where extents differ the lanes of a phase take unequal time
//   paper              Jain, Sabharwal: Optimal bucket algorithms for large MPI collectives on
//   torus
//                      interconnects, ICS 2010
#include "kernels/collective/algorithm.hpp"

namespace kernels {
namespace {

Node ring(const Context& context, const Box& held, std::size_t digit, std::int64_t direction) {
  Exchange exchange;
  exchange.to = {.digits = {digit}, .operand = {direction, 0}};
  exchange.chunks = held;
  exchange.chunks[digit] = {DigitRange::Kind::from, {-direction, -direction}};
  exchange.reduce = true;
  return Loop{context.extents[digit] - 1, {exchange}};
}

}  // namespace

Node bucket_phase(const Context& context,
                  const std::vector<std::size_t>& digits,
                  const PhaseOptions& options) {
  Sequence phases;
  for (std::size_t p = 0; p < digits.size(); ++p) {
    std::vector<Node> lanes;
    for (const std::int64_t direction : {1, -1})
      for (std::size_t start = 0; start < digits.size(); ++start) {
        Box held = context.chunks;
        for (std::size_t done = 0; done < p; ++done)
          held[digits[(start + done) % digits.size()]] = {DigitRange::Kind::from, {}};
        lanes.push_back(ring(context, held, digits[(start + p) % digits.size()], direction));
      }
    phases.steps.push_back(side_by_side(std::move(lanes), options.ports));
  }
  return phases;
}

}  // namespace kernels
