// The reader with a clock for every chip: the schedule that `predict` charges in closed form, step
// by step over all chips, so that they may start apart, be slow, be delayed at random or sit on a
// degraded link.
//
//   T'[r] = max over the messages m that reach r in this round of
//             ( max(T[r], T[sender of m]) + cost of m's level + extra of m and r )  + noise[r,
//             step]
//
// Chips wait for all messages of a round before the next one, as `measure` does; a message takes
// place once both ends are in the round. The cost of a level is that of `predict`. An exchange with
// everybody ends when the last member of the group has come. With nothing that sets chips apart,
// every chip ends at the time that `predict` gives, to the tick.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/clock/disturbance.hpp"
#include "bench/clock/noise.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/machine.hpp"

namespace bench {

struct ClockOptions {
  std::uint64_t seed = 1;
  Noise noise;  ///< delay of each chip in each step
  Noise skew;   ///< start of each chip
  std::vector<SlowChip> slow;
  std::vector<DegradedLinks> degraded;
  std::vector<FailedLink> failed;
};

struct ClockResult {
  std::vector<Ticks> finish;  ///< of each chip
  std::int64_t steps = 0;

  /// The time by which a share q of the chips has finished.
  [[nodiscard]] topology::Seconds quantile(double q) const;
};

class ClockRanks;

/// Why there can be no clocks for a schedule; "" if there can.
[[nodiscard]] std::string clock_complaint(const kernels::Schedule& schedule);

[[nodiscard]] inline bool is_clockable(const kernels::Schedule& schedule) {
  return clock_complaint(schedule).empty();
}

/// The same result on any number of threads. 16 bytes a chip.
/// @param machine the group that the schedule was built for, level for digit
/// @throws Error(usage) where delays exceed what the clock can hold (0.1 s between neighbours)
[[nodiscard]] ClockResult run_clock(const kernels::Schedule& schedule,
                                    const topology::Machine& machine,
                                    topology::Bytes size,
                                    const ClockOptions& options);

/// The same result on any number of MPI ranks, all of which call this and get the clocks of all
/// chips.
[[nodiscard]] ClockResult run_clock(const kernels::Schedule& schedule,
                                    const topology::Machine& machine,
                                    topology::Bytes size,
                                    const ClockOptions& options,
                                    ClockRanks& ranks);

}  // namespace bench
