// Random numbers of one run without state but a count: which thread or rank draws them, and in
// which order runs are taken, makes no difference.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/reliability/reliability.hpp"
#include "kernels/splitmix.hpp"

namespace kernels {

class Gaps {
 public:
  Gaps(const Reliability& job, std::uint64_t seed, std::uint64_t run)
      : key_(mix(mix(seed) ^ run)),
        inverse_(1 / job.shape),
        scale_(job.mean_time().value() / std::tgamma(1 + 1 / job.shape)) {}

  /// Seconds to the next failure: scale (-ln u)^(1/shape).
  [[nodiscard]] double next() {
    const double exponential = -std::log(uniform());
    return scale_ * (inverse_ == 1 ? exponential : std::pow(exponential, inverse_));
  }

  /// Between 0 and 1, never one of them.
  [[nodiscard]] double uniform() {
    constexpr double step = 1.0 / (std::uint64_t{1} << 53U);
    return (static_cast<double>(mix(key_ ^ count_++) >> 11U) + 0.5) * step;
  }

  /// 0 to n - 1.
  [[nodiscard]] std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(uniform() * static_cast<double>(n));
  }

 private:
  std::uint64_t key_;
  std::uint64_t count_ = 0;
  double inverse_;
  double scale_;
};

}  // namespace kernels
