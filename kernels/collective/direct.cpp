// Direct ("mesh", all-pairs): every rank sends each other rank its chunk, all at once.
//
//   steps              1, with n-1 messages per rank
//   bytes on the wire  (n-1)/n of what the rank still holds; on rings times the mean hop count
//   other n            any
//   as an all-to-all   the same exchange with concatenation in place of the sum
#include "kernels/collective/algorithms.hpp"

namespace kernels {

Node direct_phase(const Context& context, const std::vector<std::size_t>& digits) {
  Exchange exchange;
  exchange.to = {Partner::Kind::every, digits, {}, 0};
  exchange.chunks = context.chunks;
  for (const std::size_t d : digits) exchange.chunks[d] = {Range::Kind::other, {}};
  exchange.reduce = true;
  return exchange;
}

}  // namespace kernels
