// How fast the clock itself is on 1, 2, 4, … of the ranks of this job: measured, not modelled.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "bench/clock/clock.hpp"

namespace bench {

struct ScalingPoint {
  bool weak = false;  ///< as many chips per rank; else as many chips in all
  int ranks = 1;
  int threads = 1;  ///< of each rank
  std::int64_t chips = 0;
  std::int64_t steps = 0;
  std::vector<double> seconds;  ///< samples, of the slowest rank

  [[nodiscard]] double median() const;

  /// Clocks moved in one run.
  [[nodiscard]] double updates() const {
    return static_cast<double>(chips) * static_cast<double>(steps);
  }

  /// Share of what `one`, the same kind of point on one rank, lets expect.
  [[nodiscard]] double efficiency(const ScalingPoint& one) const;
};

using BuildSchedule = std::function<kernels::Schedule(const topology::Machine&)>;

/// Strong scaling over the whole machine, then weak: over the share of its highest level that the
/// ranks are of all ranks, where that is a whole number. All ranks of the job call this; only what
/// rank 0 gets is to be used.
/// @throws Error(usage) where there are more ranks than units
[[nodiscard]] std::vector<ScalingPoint> clock_scaling(const BuildSchedule& build,
                                                      const topology::Machine& machine,
                                                      topology::Bytes size,
                                                      const ClockOptions& options,
                                                      int samples,
                                                      int rank,
                                                      int ranks);

}  // namespace bench
