// The clocks of one ring while it is stepped through: offsets in 32 bits from the earliest, in the
// cache. The step's cost is the same for all and is left out: T'[i] = max(T[i], T[i-1]) + noise +
// extra.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench/clock/clock.hpp"

namespace bench {

/// A line of the ring: members `stride` places apart, in the direction of travel.
struct Line {
  std::int64_t first = 0;
  std::int64_t stride = 0;
  std::int64_t members = 0;
  std::int64_t chip = 0;   ///< number of the first
  std::int64_t apart = 1;  ///< between the numbers of two

  /// Its place among the clocks.
  [[nodiscard]] std::size_t at(std::int64_t member) const {
    return static_cast<std::size_t>(first + member * stride);
  }
};

class RingLine {
 public:
  RingLine(const Line& line, const std::vector<Ticks>& clocks);

  /// In every step.
  void hold_back(std::int64_t member, Ticks extra);

  /// @throws Error(usage) where delays do not fit 32 bits
  void run(std::int64_t steps, std::int64_t first_step, const ClockOptions& options);

  void store(std::vector<Ticks>& clocks, Ticks later) const;

 private:
  void rebase();
  void step_through(std::span<const NoiseKey> keys, const Noise& noise);
  void step_in_strips(std::span<const NoiseKey> keys, const Noise& noise);

  Line line_;
  Ticks base_ = 0;
  Ticks slowest_ = 0;
  std::vector<std::int32_t> ticks_;
  std::vector<std::uint32_t> starts_;  // of the noise
  std::vector<std::int32_t> extra_;    // empty: none
};

}  // namespace bench
