// The table of collectives: what goes in, what comes out, and the factor that turns time into bus
// bandwidth (nccl-tests' convention).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "topology/quantity.hpp"

namespace kernels {

/// Sizes are of the full vector: what all-reduce has at both ends, what reduce-scatter has at the
/// start and all-gather at the end, what one rank sends in total in an all-to-all (its own chunk
/// included), what the root has in the others. N ranks cut it into N chunks. The root is rank 0.
enum class Collective {
  all_reduce,
  all_gather,
  reduce_scatter,
  all_to_all,
  broadcast,
  reduce,
  gather,
  scatter,
  barrier,
};

/// Who has a chunk.
enum class Holder { everyone, owner, root };

struct CollectiveInfo {
  Collective id;
  const char* name;
  const char* short_name;  ///< as nccom-test calls it
  bool reduces;            ///< has a reduction operator
  bool chunked_ends;       ///< an end of it holds one chunk per rank, so N must divide the size
  double traffic;          ///< (N-1)/N of the size that a rank must move: 0, 1 or 2 times
  Holder from;             ///< who has a chunk, or a part of its sum, at the start
  Holder to;               ///< who must have it, or the sum, at the end

  /// Has a root, which moves data that others do not?
  [[nodiscard]] bool rooted() const { return from == Holder::root || to == Holder::root; }
};

/// Is `rank` one of the holders of a chunk?
[[nodiscard]] bool holds(Holder holder, std::int64_t rank, std::int64_t chunk);

std::span<const CollectiveInfo> collectives();
const CollectiveInfo& info(Collective collective);

/// Accepts both spellings ("all_reduce", "allr"). @throws Error(usage) with the nearest name.
Collective parse_collective(std::string_view text);

/// busbw / algbw: 2(N-1)/N for all-reduce, 1 for broadcast and reduce, 0 for a barrier, (N-1)/N for
/// the others; algbw = size / time.
double busbw_factor(Collective collective, std::int64_t ranks);

}  // namespace kernels
