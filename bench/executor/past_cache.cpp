#include "bench/executor/past_cache.hpp"

#include <unistd.h>

namespace bench {
namespace {

/// Bytes of a cache, or what they usually are.
std::size_t size_of(int cache, std::size_t usual) {
  const long bytes = sysconf(cache);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : usual;
}

}  // namespace

PastCache past_cache(const Payload& payload, int ranks, bool far) {
  const std::size_t bytes = payload.bytes();
  const std::size_t of_all = 2 * static_cast<std::size_t>(ranks) * bytes;
  // Whoever reads the result next may have to fetch it from memory: not where a core's own cache
  // would have held it beside the input and the slots.
  const bool far_outputs = far && bytes >= size_of(_SC_LEVEL2_CACHE_SIZE, 1U << 20U) / 4;
  const bool fill = of_all >= size_of(_SC_LEVEL3_CACHE_SIZE, 32U << 20U) / 2;
  return {far_outputs || fill, far_outputs, far};
}

}  // namespace bench
