// Random delays without state: the delay of a chip in a step is a function of (seed, chip, step),
// so any split of the chips among ranks and threads, and any width of vectors, gives the same
// numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "topology/quantity.hpp"

namespace bench {

/// The clock's time is whole ticks of 0.1 ns: sums of them do not depend on their order.
using Ticks = std::int64_t;
inline constexpr double seconds_per_tick = 1e-10;

[[nodiscard]] Ticks to_ticks(topology::Seconds time);
[[nodiscard]] topology::Seconds to_seconds(Ticks ticks);

/// What all chips mix with their number in one step.
struct NoiseKey {
  std::uint32_t before = 0;
  std::uint32_t between = 0;
};

[[nodiscard]] NoiseKey noise_key(std::uint64_t seed, std::uint64_t step);

/// A distribution as quantiles at equal steps of probability, straight lines between them.
class Noise {
 public:
  static constexpr std::size_t bins = 4096;

  Noise() = default;  ///< none

  /// "exponential:MEAN", "normal:MEAN:SIGMA" (below zero counts as zero), or "file:PATH", one
  /// measured delay a line; times as in "1.5 us". @throws Error(usage)
  [[nodiscard]] static Noise parse(const std::string& text);

  [[nodiscard]] bool none() const { return quantiles_.empty(); }

  /// `bins` + 1 values in ticks, ascending.
  [[nodiscard]] std::span<const float> quantiles() const { return quantiles_; }

  [[nodiscard]] topology::Seconds mean() const;

 private:
  explicit Noise(std::vector<float> quantiles) : quantiles_(std::move(quantiles)) {}

  std::vector<float> quantiles_;
};

}  // namespace bench
