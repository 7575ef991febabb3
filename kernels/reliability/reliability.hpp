// A training job that is interrupted: how often, and what an interruption costs.
#pragma once

#include <cstdint>
#include <optional>

#include "topology/quantity.hpp"

namespace kernels {

/// Who stops when a chip fails: everybody, back to the last checkpoint, or its data-parallel
/// replica alone, which the others go on without after they have regrouped.
enum class Recovery { restart, replica };

struct Reliability {
  std::int64_t chips = 1;
  topology::Hertz rate;  ///< failures of one chip, whatever ends its part of the job
  double shape = 1;  ///< of the Weibull law of the gaps between the job's failures; 1: exponential
  Recovery recovery = Recovery::restart;
  std::int64_t replica = 1;  ///< chips of a replica, where it alone stops

  topology::Seconds detection;
  topology::Seconds restart;     ///< of processes, on the same chips or spares
  topology::Seconds reload;      ///< of the state
  topology::Seconds regrouping;  ///< of the other replicas

  topology::Seconds saving;    ///< work stops for it
  topology::Seconds writing;   ///< beside the work that follows; the checkpoint counts from its end
  topology::Seconds interval;  ///< of work between two saves; 0: no checkpoints

  std::int64_t unit = 1;              ///< chips that are replaced together: an UltraServer
  double replaced = 0;                ///< share of failures after which a unit is replaced
  std::optional<std::int64_t> spare;  ///< units; absent: always one more
  topology::Seconds repair;           ///< until a unit that was replaced is a spare

  double straggling = 0;  ///< what a step waits for its slowest chip, over its time without

  [[nodiscard]] topology::Hertz job_rate() const { return rate * static_cast<double>(chips); }

  /// Mean time between the job's failures.
  [[nodiscard]] topology::Seconds mean_time() const {
    return topology::Seconds(1 / job_rate().value());
  }

  [[nodiscard]] std::int64_t replicas() const { return chips / replica; }

  /// What a failure takes from those that it stops.
  [[nodiscard]] topology::Seconds downtime() const { return detection + restart + reload; }

  /// What it takes from the replicas that go on.
  [[nodiscard]] topology::Seconds stall() const { return detection + regrouping; }

  /// From save to save.
  [[nodiscard]] topology::Seconds cycle() const { return interval + saving; }
};

/// @throws Error(usage) for what cannot be: a rate of 0, replicas that do not divide the chips, an
/// interval in which no checkpoint can be written
void check(const Reliability& job);

}  // namespace kernels
