// Medians, quantiles, and how sure they are, without assuming a distribution.
#pragma once

#include <vector>

namespace bench {

/// With straight lines between the values; NaN of none.
[[nodiscard]] double quantile(std::vector<double> values, double q);

[[nodiscard]] double median(std::vector<double> values);

struct Interval {
  double low = 0;
  double high = 0;

  [[nodiscard]] bool holds(double value) const { return low <= value && value <= high; }
};

/// 95 % of the medians of as many draws with replacement (bootstrap); the same for the same values.
[[nodiscard]] Interval median_interval(const std::vector<double>& values);

/// 95 % of the mean by Student's t: few values, that scatter like a normal law.
[[nodiscard]] Interval mean_interval(const std::vector<double>& values);

/// As median_interval, of one median over another; both are drawn on their own.
[[nodiscard]] Interval median_ratio_interval(const std::vector<double>& above,
                                             const std::vector<double>& below);

/// What was done in how long.
struct Work {
  double amount = 0;
  double seconds = 0;
};

/// All of it over all of the time: a pause counts for as long as it was.
[[nodiscard]] double rate(const std::vector<Work>& work);

/// As median_interval, of work that was done one after the other: neighbours are drawn together, as
/// many as the cube root of all. A rank that is stopped every other moment is slower for sure, one
/// that was stopped once for long is not.
[[nodiscard]] Interval rate_interval(const std::vector<Work>& work);

/// Pair by pair. @param above as many as `below`
[[nodiscard]] std::vector<double> ratios(const std::vector<double>& above,
                                         const std::vector<double>& below);

}  // namespace bench
