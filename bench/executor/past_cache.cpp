#include "bench/executor/past_cache.hpp"

namespace bench {

PastCache past_cache(const Payload& payload, int ranks, bool far, const Caches& of) {
  const std::size_t bytes = payload.bytes();
  const std::size_t of_all = 2 * static_cast<std::size_t>(ranks) * bytes;
  // Whoever reads the result next may have to fetch it from memory: not where a core's own cache
  // would have held it beside the input and the slots.
  const bool far_outputs = far && bytes >= of.own / 4;
  const bool fill = of_all >= 2 * of.last;
  return {far_outputs || fill, far_outputs, far};
}

}  // namespace bench
