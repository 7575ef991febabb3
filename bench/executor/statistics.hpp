// Medians, quantiles, and how sure they are, without assuming a distribution.
#pragma once

#include <vector>

namespace bench {

/// With straight lines between the values; NaN of none.
[[nodiscard]] double quantile(std::vector<double> values, double q);

[[nodiscard]] double median(std::vector<double> values);

[[nodiscard]] double mean(const std::vector<double>& values);

struct Interval {
  double low = 0;
  double high = 0;

  [[nodiscard]] bool holds(double value) const { return low <= value && value <= high; }
};

/// 95 % of the medians of as many draws with replacement (bootstrap); the same for the same values.
[[nodiscard]] Interval median_interval(const std::vector<double>& values);

/// The same of means.
[[nodiscard]] Interval mean_interval(const std::vector<double>& values);

/// Pair by pair. @param above as many as `below`
[[nodiscard]] std::vector<double> ratios(const std::vector<double>& above,
                                         const std::vector<double>& below);

}  // namespace bench
