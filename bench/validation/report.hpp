// How far the model is from what was published: per set, per quality, row by row.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "bench/validation/comparison.hpp"

namespace bench {

/// Of the rows that have both a measured and a predicted time. The errors are
/// |predicted / measured - 1|; NaN of no row.
struct ErrorSummary {
  std::size_t rows = 0;
  std::size_t compared = 0;
  std::map<std::string, std::size_t> qualities;  ///< rows of each, compared or not
  double median = 0;
  double mean = 0;
  double p90 = 0;
  const Comparison* worst = nullptr;  ///< in what was summarised; null of no row
};

[[nodiscard]] ErrorSummary summary(const std::vector<const Comparison*>& comparisons);

/// On stdout: a line for each set, then for each quality, then the rows that are not compared.
void print_report(const std::vector<Comparison>& comparisons);

/// On stdout: a line for each row.
void print_rows(const std::vector<Comparison>& comparisons);

/// An array of {id, set, quality, measured, predicted, error, reason}; seconds, and error signed
/// and relative. What there is none of is null.
[[nodiscard]] std::string json(const std::vector<Comparison>& comparisons);

}  // namespace bench
