// A synchronous step ends with its slowest chip: the expected largest of n independent delays.
#pragma once

#include <cstdint>
#include <span>

namespace kernels {

/// Of exponential delays of mean 1: the n-th harmonic number.
[[nodiscard]] double exponential_maximum(std::int64_t n);

/// Of max(0, X), X normal: the integral of 1 - P(X <= x)^n over x > 0.
[[nodiscard]] double normal_maximum(double mean, double sigma, std::int64_t n);

/// Of delays given by quantiles at equal steps of probability, straight lines between them: the
/// integral of q(u) d(u^n).
[[nodiscard]] double quantile_maximum(std::span<const float> quantiles, std::int64_t n);

}  // namespace kernels
