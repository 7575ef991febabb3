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
/// included). N ranks cut it into N chunks.
enum class Collective { all_reduce, all_gather, reduce_scatter, all_to_all };

struct CollectiveInfo {
  Collective id;
  const char* name;
  const char* short_name;  ///< as nccom-test calls it
  bool reduces;            ///< has a reduction operator
  bool chunked_ends;       ///< an end of it holds one chunk per rank, so N must divide the size
  double traffic;          ///< (N-1)/N of the size that a rank must move: 1 or 2 times
};

std::span<const CollectiveInfo> collectives();
const CollectiveInfo& info(Collective collective);

/// Accepts both spellings ("all_reduce", "allr"). @throws Error(usage) with the nearest name.
Collective parse_collective(std::string_view text);

/// busbw / algbw: 2(N-1)/N for all-reduce, (N-1)/N for the others; algbw = size / time.
double busbw_factor(Collective collective, std::int64_t ranks);

}  // namespace kernels
