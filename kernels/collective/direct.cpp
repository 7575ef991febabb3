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
#include "kernels/collective/algorithm.hpp"

namespace kernels {

Node direct_phase(const Context& context,
                  const std::vector<std::size_t>& digits,
                  const PhaseOptions& /*options*/) {
  Exchange exchange;
  exchange.to = {.digits = digits, .every = true};
  exchange.chunks = context.chunks;
  for (const std::size_t d : digits) exchange.chunks[d] = {Range::Kind::other, {}};
  exchange.reduce = true;
  return exchange;
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
