// Direct ("mesh", all-pairs): every rank sends each other rank its chunk, all at once.
//
//   steps              1, with n-1 messages per rank
//   bytes on the wire  (n-1)/n of what the rank still holds; on rings times the mean hop count
//   other n            any
//
// One-shot: every rank sends all it holds to each other rank, which adds it up: an all-reduce in
// one step (the single-step mesh of AWS Neuron's collectives).
//
//   steps              1, with n-1 messages per rank
//   bytes on the wire  n-1 times what the rank still holds
//   other n            any
// NVLS (NVLink SHARP): the direct exchange where the switch forms the sums: a rank puts all it
// holds on its port once and takes its own chunk's sum; in the mirror it puts its chunk there once
// and the switch copies it to all. As a chain of slices both ways of a port work at once.
//
//   steps              1
//   bytes on the wire  what the rank still holds one way, 1/n of that the other; an all-reduce in
//                      slices (1 + 1/n) of it, where a ring takes 2 (n-1)/n
//   other n            any
//   paper              Klenk, Jiang, Thorson, Dennison: An in-network architecture for accelerating
//                      shared-memory multiprocessor collectives, ISCA 2020
#include "kernels/collective/algorithm.hpp"

namespace kernels {

Node direct_phase(const Context& context,
                  const std::vector<std::size_t>& digits,
                  const PhaseOptions& /*options*/) {
  Exchange exchange;
  exchange.to = {.digits = digits, .every = true};
  exchange.chunks = context.chunks;
  for (const std::size_t d : digits) exchange.chunks[d] = {DigitRange::Kind::other, {}};
  exchange.reduce = true;
  return exchange;
}

Node nvls_phase(const Context& context,
                const std::vector<std::size_t>& digits,
                const PhaseOptions& options) {
  Node node = direct_phase(context, digits, options);
  std::get<Exchange>(node).in_switch = true;
  return node;
}

Node one_shot_phase(const Context& context,
                    const std::vector<std::size_t>& digits,
                    const PhaseOptions& /*options*/) {
  Exchange exchange;
  exchange.to = {.digits = digits, .every = true};
  exchange.chunks = context.chunks;
  exchange.reduce = true;
  return exchange;
}

}  // namespace kernels
