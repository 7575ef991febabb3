// Radix-k butterfly: the members are numbered to mixed bases that multiply to n, each at most k. In
// the step of one digit of that number, the members that differ in it alone exchange what they
// still hold, each pair the chunks that agree with the receiver in all digits so far: k-1 messages
// at once. Radix 2 is recursive halving, radix n is direct.
//
//   steps              the number of factors; log_k n where n is a power of k
//   bytes on the wire  (n-1)/n of what the rank still holds
//   other n            any: a prime factor above k is a step of its own
//   paper              Peterka, Goodell, Ross, Shen, Thakur: A configurable algorithm for parallel
//                      image-compositing applications, SC 2009
#include <algorithm>
#include <utility>

#include "kernels/collective/algorithm.hpp"

namespace kernels {

std::vector<std::int64_t> factors(std::int64_t n, std::int64_t radix) {
  std::vector<std::int64_t> all;
  while (n > 1) {
    std::int64_t factor = std::min(radix, n);
    while (factor > 1 && n % factor != 0) --factor;
    if (factor <= 1)  // the smallest prime factor is above the radix
      for (factor = std::max<std::int64_t>(radix, 2); n % factor != 0;) ++factor;
    all.push_back(factor);
    n /= factor;
  }
  return all;
}

Node butterfly_phase(const Context& context,
                     const std::vector<std::size_t>& digits,
                     const PhaseOptions& options) {
  const std::size_t digit = digits.front();
  Sequence steps;
  std::int64_t unit = 1;
  for (const std::int64_t base : factors(context.extents[digit], options.radix)) {
    Together sends;
    for (std::int64_t other = 1; other < base; ++other) {
      Exchange exchange;
      exchange.to = {.digits = {digit},
                     .map = {topology::DigitMap::Kind::place, 0, unit, base},
                     .operand = {other, 0}};
      exchange.chunks = context.chunks;
      exchange.chunks[digit].kind = DigitRange::Kind::congruent;
      exchange.chunks[digit].modulus = unit * base;
      exchange.anchored_at_receiver = true;
      exchange.reduce = true;
      sends.parts.emplace_back(std::move(exchange));
    }
    steps.steps.emplace_back(std::move(sends));
    unit *= base;
  }
  return steps;
}

}  // namespace kernels
