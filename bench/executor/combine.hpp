// Several vectors added up, or their largest elements taken, in one pass.
#pragma once

#include <cstddef>
#include <span>

#include "bench/executor/datatype.hpp"
#include "topology/chip.hpp"

namespace bench {

/// Where a result goes.
struct Destination {
  std::byte* memory = nullptr;  ///< null: nowhere
  bool past_cache = false;      ///< whoever reads it next finds it faster in memory: write around
};

/// into[i] = from[0][i] op from[1][i] op …, in this order, for `bytes` of whole elements; `into`
/// may be one of them. bf16 is added up in f32 and rounded once.
/// @param from at least one
/// @param also a second copy, made on the way
void combine(topology::DataType type,
             Operator op,
             Destination into,
             std::span<const std::byte* const> from,
             std::size_t bytes,
             Destination also = {});

/// A copy of bytes, which do not overlap.
void copy_into(Destination into, const std::byte* from, std::size_t bytes);

}  // namespace bench
