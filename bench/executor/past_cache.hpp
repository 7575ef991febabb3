// Which of what ranks of one host write goes around the caches, into memory.
#pragma once

#include <cstddef>

#include <mpi.h>

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
/// where that is faster in a trial of now, see `others_are_far`. Collective over `ranks`, all of
/// them on one host.
[[nodiscard]] PastCache past_cache(const Payload& payload, MPI_Comm ranks);

/// A trial for vectors of `bytes`: a part is written and read by another rank, through the cache
/// and around it. Ranks under different last caches read each other's changed lines one by one (2
/// GB/s where memory gives 12). A guest of a hypervisor is moved between the two. The same on all
/// of `ranks`; collective. For tests the environment variable RAINIER_OTHERS says "far" or "near".
[[nodiscard]] bool others_are_far(std::size_t bytes, MPI_Comm ranks);

}  // namespace bench
