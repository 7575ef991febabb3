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
void add_noise(std::span<Ticks> clocks, std::int64_t first, NoiseKey key, const Noise& noise);

/// The same for the chips of a block from the place `begin` on.
void add_noise(std::span<Ticks> clocks,
               std::int64_t begin,
               const ChipBlock& block,
               NoiseKey key,
               const Noise& noise);

/// The delay of one chip: what add_noise adds.
[[nodiscard]] Ticks noise_of(std::int64_t chip, NoiseKey key, const Noise& noise);

/// One step around a line of chips: line[i] = max(line[i], line[i-1]) + the delay of chip i under
/// `key` + extra[i]. line[-1] is readable and holds the last member, and what lies behind the last
/// may be written up to a whole vector. `starts` are the chips' noise_start; `extra` may be null.
void ring_step(std::span<std::int32_t> line,
               const std::uint32_t* starts,
               const std::int32_t* extra,
               NoiseKey key,
               const Noise& noise);

}  // namespace bench
