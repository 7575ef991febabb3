// A vector in segments, which go through a schedule one after the other, so that what is under way
// has a bounded size.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/executor/datatype.hpp"
#include "kernels/collective/schedule.hpp"

namespace bench {

/// A segment of the vector: of an all-reduce `count` elements in a row, cut into chunks of its own;
/// of the others as many of each chunk as make `count`. A slot holds its chunks one after the
/// other.
struct Segment {
  std::int64_t count = 0;        ///< elements
  std::size_t element = 0;       ///< bytes
  std::size_t chunk_stride = 0;  ///< bytes from chunk to chunk of the vector; 0: as in a slot

  [[nodiscard]] std::size_t bytes() const { return static_cast<std::size_t>(count) * element; }
};

struct Segments {
  std::int64_t number = 0;
  std::size_t stride = 0;  ///< bytes of the user's vector from one to the next
  Segment whole;           ///< all but the last
  Segment last;
};

/// @param bytes_per_rank of a segment: of each chunk of it
[[nodiscard]] Segments cut(const kernels::Schedule& schedule,
                           const Payload& payload,
                           std::int64_t bytes_per_rank);

}  // namespace bench
