// Random delays without state: the delay of a chip in a step is a function of (seed, chip, step),
// so any split of the chips among ranks and threads, and any width of vectors, gives the same
// numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
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

/// Factors of a multiplicative mixer of 32 bits (lowbias32's, and the golden ratio).
inline constexpr std::array<std::uint32_t, 3> mixer{0x9e3779b1U, 0x7feb352dU, 0x846ca68bU};

/// What the random numbers of a chip start from, whatever the step: odd, and each other bit depends
/// on all bits of its number. Two chips below 2^31 never share one.
[[nodiscard]] constexpr std::uint32_t noise_start(std::int64_t chip) {
  std::uint32_t x = (2 * static_cast<std::uint32_t>(chip) + 1) * mixer[0];
  x = (x ^ (x >> 16U & ~1U)) * mixer[1];
  x = (x ^ (x >> 15U & ~1U)) * mixer[2];
  return x ^ (x >> 16U & ~1U);
}

/// The random number of a chip in one step is (start ^ flip) x factor, of which the upper bits are
/// used: multiply-shift hashing (Dietzfelbinger, Hagerup, Katajainen, Penttonen, J. Algorithms
/// 1997). It is odd, and so never zero. A second round of mixing made the chips of a ring no more
/// independent, and the ring 15 % slower.
struct NoiseKey {
  std::uint32_t flip = 0;    ///< even
  std::uint32_t factor = 1;  ///< odd
};

[[nodiscard]] NoiseKey noise_key(std::uint64_t seed, std::uint64_t step);

/// Exponential delays of a uniform u = v / 2^31, v the size of a chip's number: -mean ln u, with
/// the logarithm by lines of one slope, that of the bits of v as a float, moved to its middle in
/// each sixteenth of an octave. The mean is exact, the quantiles are within 1.2 % of the mean;
/// nothing is beyond 22 means. A slope for each part brings them within 0.15 %, and the ring to
/// half the speed.
struct ExponentialLaw {
  static constexpr std::size_t segments = 16;
  static constexpr Ticks common = 1;  ///< see Noise::common; what is below it is cut off at zero
  std::array<float, segments> offset{};
  float per_bit = 0;  ///< of v's bits as a float, read as a whole number

  ExponentialLaw() = default;
  explicit ExponentialLaw(double mean);
};

/// All delays between two alike.
struct UniformLaw {
  Ticks middle = 0;
  float width = 0;  ///< ticks from the lowest to the highest
};

struct NormalLaw {
  double mean = 0;  ///< ticks, as is sigma
  double sigma = 0;
};

/// A distribution of delays: exponential, uniform, or quantiles at equal steps of probability with
/// straight lines between them.
class Noise {
 public:
  enum class Law { none, exponential, uniform, quantiles };

  static constexpr std::size_t bins = 4096;

  Noise() = default;

  /// "exponential:MEAN", "uniform:LOW:HIGH", "normal:MEAN:SIGMA" (below zero counts as zero), or
  /// "file:PATH", one measured delay a line; times as in "1.5 us". @throws Error(usage)
  [[nodiscard]] static Noise parse(const std::string& text);

  [[nodiscard]] Law law() const { return law_; }

  [[nodiscard]] bool none() const { return law_ == Law::none; }

  /// The part that is the same for all, which the kernels of clock_kernels.hpp leave out.
  [[nodiscard]] Ticks common() const;

  /// Where that is the law, as the next two.
  [[nodiscard]] const ExponentialLaw& exponential() const { return exponential_; }

  [[nodiscard]] UniformLaw uniform() const { return uniform_; }

  /// `bins` + 1 values in ticks, ascending.
  [[nodiscard]] std::span<const float> quantiles() const { return quantiles_; }

  [[nodiscard]] topology::Seconds mean() const;

  /// Expected longest of the delays of so many chips, by the law itself: the largest of those that
  /// the clock draws is at most `most`. Of measured delays it is none longer than the longest.
  [[nodiscard]] topology::Seconds expected_maximum(std::int64_t chips) const;

  /// No delay is longer.
  [[nodiscard]] Ticks most() const { return most_; }

 private:
  explicit Noise(std::vector<float> quantiles);
  static Noise uniform(double low, double high);
  static Noise exponential(double mean);
  static Noise normal(double mean, double sigma);

  Law law_ = Law::none;
  double mean_ = 0;  // ticks
  Ticks most_ = 0;
  ExponentialLaw exponential_;
  UniformLaw uniform_;
  std::optional<NormalLaw> normal_;
  std::vector<float> quantiles_;
};

}  // namespace bench
