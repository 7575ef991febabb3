// Which of what ranks of one host write goes around the caches, into memory.
#pragma once

#include <cstddef>

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

/// Outputs, where the vectors of all ranks fill half of the last cache or more; what others read,
/// where they are far, see FarTrial, and then outputs that the own cache would not keep.
[[nodiscard]] PastCache past_cache(const Payload& payload, int ranks, bool far);

}  // namespace bench
