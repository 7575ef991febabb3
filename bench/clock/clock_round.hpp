// One round as the clock runs it: for each part whom a chip hears from, what its messages cost, and
// which chips are special.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/clock/chip_block.hpp"
#include "bench/clock/clock.hpp"
#include "kernels/collective/rounds.hpp"

namespace bench {

/// Sender of the messages that reach a chip in one part. Chips and strides are places of a block.
struct ClockPart {
  const kernels::Exchange* exchange = nullptr;
  topology::DigitMap senders;  ///< on the digit; unused where everybody sends to everybody
  std::int64_t extent = 1;     ///< members of the digit
  std::int64_t stride = 1;     ///< chips between two of them
  Ticks cost = 0;

  [[nodiscard]] bool every() const { return exchange->to.every; }

  [[nodiscard]] std::int64_t period() const { return extent * stride; }

  [[nodiscard]] std::int64_t sender_of(std::int64_t chip) const {
    const std::int64_t digit = chip / stride % extent;
    return chip + (senders(digit, extent) - digit) * stride;
  }
};

/// A chip that one part keeps longer than others.
struct Special {
  std::int64_t chip = 0;
  std::size_t part = 0;
  Ticks extra = 0;
  bool slow = false;  ///< the chip is, else links on the way are degraded
};

struct ClockRound {
  std::vector<ClockPart> parts;
  std::vector<Special> specials;  ///< by chip
  std::int64_t repeat = 1;

  /// What one step takes of a chip that nothing keeps longer: its costliest part.
  [[nodiscard]] Ticks cost() const;
};

/// @param block holds, of each chip, all that it hears from in this round
[[nodiscard]] ClockRound clock_round(const kernels::Round& round,
                                     const kernels::Schedule& schedule,
                                     const topology::Machine& machine,
                                     topology::Bytes size,
                                     const ClockOptions& options,
                                     const ChipBlock& block);

/// The clocks of a block before the first step.
[[nodiscard]] std::vector<Ticks> start_clocks(const topology::Machine& machine,
                                              const ClockOptions& options,
                                              const ChipBlock& block);

/// All repeats of a round. @param next room for as many clocks
void run_round(std::vector<Ticks>& clocks,
               std::vector<Ticks>& next,
               const ClockRound& round,
               const ChipBlock& block,
               const topology::Machine& machine,
               std::int64_t first_step,
               const ClockOptions& options);

/// All repeats of a round that is one ring: in the cache, line by line. False where it is not one
/// or too small to be worth it.
[[nodiscard]] bool run_ring(std::vector<Ticks>& clocks,
                            const ChipBlock& block,
                            const ClockRound& round,
                            std::int64_t first_step,
                            const ClockOptions& options);

}  // namespace bench
