// Several vectors added up, or their largest elements taken, in one pass.
#pragma once

#include <cstddef>
#include <span>

#include "bench/executor/datatype.hpp"
#include "topology/chip.hpp"

namespace bench {

/// into[i] = from[0][i] op from[1][i] op …, in this order, for `bytes` of whole elements; `into`
/// may be one of them. bf16 is added up in f32 and rounded once.
/// @param from at least one
/// @param past_cache `into` is not read again before it has left the cache: write around it
void combine(topology::DataType type,
             Operator op,
             std::byte* into,
             std::span<const std::byte* const> from,
             std::size_t bytes,
             bool past_cache = false);

}  // namespace bench
