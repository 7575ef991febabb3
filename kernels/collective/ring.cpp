// Ring reduce-scatter: each partial sum travels once around the ring and collects a term per stop.
//
//   steps              n - 1
//   bytes on the wire  (n-1)/n of what the rank still holds
//   other n            any
//   paper              Patarasuk, Yuan: Bandwidth optimal all-reduce algorithms for clusters of
//                      workstations, JPDC 2009
#include "kernels/collective/algorithms.hpp"

namespace kernels {

Node ring_phase(const Context& context, std::size_t digit) {
  Exchange exchange;
  exchange.to = {Partner::Kind::shift, {digit}, {1, 0}, 0};
  exchange.chunks = context.chunks;
  exchange.chunks[digit] = {Range::Kind::from, {-1, -1}};  // own - k - 1
  exchange.reduce = true;
  return Loop{context.extents[digit] - 1, {exchange}};
}

}  // namespace kernels
