// The inner loops of the clock, over contiguous chips, on the best vector unit of this CPU.
#pragma once

#include <cstdint>
#include <span>

#include "bench/clock/chip_block.hpp"
#include "bench/clock/noise.hpp"

namespace bench {

/// next[i] = max(own[i], other[i]) + cost; with `more`, the larger of that and what is there.
void meet(std::span<Ticks> next, const Ticks* own, const Ticks* other, Ticks cost, bool more);

/// clocks[i] += the delay of chip first + i under `key`.
void add_noise(std::span<Ticks> clocks,
               std::int64_t first,
               NoiseKey key,
               std::span<const float> quantiles);

/// The same for the chips of a block from the place `begin` on.
void add_noise(std::span<Ticks> clocks,
               std::int64_t begin,
               const ChipBlock& block,
               NoiseKey key,
               std::span<const float> quantiles);

/// The delay of one chip: what add_noise adds.
[[nodiscard]] Ticks noise_of(std::int64_t chip, NoiseKey key, std::span<const float> quantiles);

/// One step around a line of chips: to[i] = max(from[i], from[i-1]) + the delay of chip
/// first + i stride under `key` + extra[i]. from[-1] is readable and holds the last member; `extra`
/// may be null, `quantiles` empty.
void ring_step(std::span<std::int32_t> to,
               const std::int32_t* from,
               const std::int32_t* extra,
               std::int64_t first,
               std::int64_t stride,
               NoiseKey key,
               std::span<const float> quantiles);

}  // namespace bench
