// Does the model choose as a measurement would? Rows that differ in how the same work is spread
// over the same chips, by pairs: the faster one measured should be the faster one predicted.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "bench/validation/comparison.hpp"

namespace bench {

/// Two rows of a group, the faster one measured first.
struct RankedPair {
  const Comparison* faster = nullptr;
  const Comparison* slower = nullptr;
  double measured = 0;   ///< speed of the faster over that of the slower
  double predicted = 0;  ///< above 1: ranked right

  [[nodiscard]] bool right() const { return predicted > 1; }
};

struct Ranking {
  std::size_t pairs = 0;  ///< of one group, whose measured speeds differ by more than 10 %
  std::size_t right = 0;
  std::vector<RankedPair> extremes;  ///< of each group with such a pair the one that differs most
  [[nodiscard]] std::size_t extremes_right() const;
};

/// Groups are rows of one Comparison::group; those without a group, without both times or for
/// orientation only (quality C) are left out.
[[nodiscard]] Ranking rank(const std::vector<Comparison>& comparisons);

/// On stdout; nothing where there is no pair.
void print_ranking(const Ranking& ranking);

/// {pairs, right, groups: [{group, faster, slower, measured, predicted, right}]}: rows by id, and
/// ratios of speeds.
[[nodiscard]] std::string json(const Ranking& ranking);

}  // namespace bench
