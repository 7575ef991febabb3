// Which of what ranks of one host write goes around the caches, into memory.
#pragma once

#include <cstddef>

#include "bench/executor/caches.hpp"
#include "bench/executor/datatype.hpp"

namespace bench {

/// Of a vector: below, the way around the cache is no shorter anywhere (1 KiB takes 0.48 us either
/// way between far ranks, 2 KiB 0.65 and not 1.0).
constexpr std::size_t least_past_cache = 2 << 10;

struct PastCache {
  bool outputs = false;     ///< the rank's own
  bool over_input = false;  ///< the same where they are the input as well, which has just been read
  bool to_others = false;   ///< what other ranks read: slots, and their outputs
};

/// Outputs, where the vectors of all ranks take twice the last cache or more; what others read,
/// where they are far, see FarTrial, and then outputs that the own cache would not keep. Near, time
/// of outputs through the cache over this, 2 ranks: symmetric 0.5 at 4 MiB, where the vectors take
/// half of the cache, 0.75 at 8, 1.12 at 12, 1.29 and 1.4 at 16 and 32; private 0.8, 1.0, -, 1.03
/// and 1.13. Symmetric in place, which has just been read: 0.2 to 0.6 up to 16 MiB, 0.8 to 0.9
/// above.
[[nodiscard]] PastCache past_cache(const Payload& payload,
                                   int ranks,
                                   bool far,
                                   const Caches& of = caches());

}  // namespace bench
