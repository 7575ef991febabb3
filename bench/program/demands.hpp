// What a user demands of measured points, for a verdict and an exit code.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "bench/program/collective_row.hpp"

namespace bench {

struct DemandFlags {
  double min_busbw = 0;             ///< GB/s of the faster placement; 0: any
  double min_percent_of_model = 0;  ///< model over the faster placement
  std::string size_range;           ///< to which they apply, "1M:1G"; empty: all

  [[nodiscard]] bool any() const {
    return min_busbw != 0 || min_percent_of_model != 0 || !size_range.empty();
  }
};

class Demands {
 public:
  /// @throws Error(usage) for a range that is none
  explicit Demands(const DemandFlags& flags);

  /// Whether they hold for vectors of this size.
  [[nodiscard]] bool concern(std::int64_t bytes) const { return bytes >= least_ && bytes <= most_; }

  void check(const CollectiveRow& row);

  /// @throws Error(verdict) where a point failed
  void judge() const;

 private:
  DemandFlags flags_;
  std::int64_t least_ = 0;
  std::int64_t most_ = std::numeric_limits<std::int64_t>::max();
  std::vector<std::string> failures_;
};

}  // namespace bench
