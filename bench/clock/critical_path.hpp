// Why the last chip is late: the chain of messages that its clock waited for, back to the start.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "bench/clock/clock.hpp"

namespace bench {

/// What a chip waited for in one step: a message, or, with `from` the chip itself, its own work.
struct PathStep {
  std::int64_t step = 0;
  std::int64_t chip = 0;
  std::int64_t from = 0;
  std::size_t level = 0;  ///< that the message took
  Ticks cost = 0;         ///< as `predict` charges it
  Ticks slow = 0;         ///< more, for chips that are slow
  Ticks degraded = 0;     ///< more, for links that are degraded
  Ticks noise = 0;
};

/// How far lateness has spread.
struct LateChips {
  std::int64_t step = 0;   ///< at its beginning
  std::int64_t chips = 0;  ///< behind a run in which nothing sets chips apart
};

/// start + the sums of the four parts over all steps = finish, to the tick.
struct CriticalPath {
  std::int64_t first = 0;  ///< chip where it begins
  std::int64_t last = 0;   ///< chip where it ends, the latest of all
  Ticks start = 0;         ///< of the first chip: the call's overhead and its skew
  Ticks finish = 0;
  std::vector<PathStep> steps;  ///< in time's order
  std::vector<LateChips> late;  ///< at each round's beginning, and at the end

  [[nodiscard]] Ticks sum(Ticks PathStep::*part) const;
};

/// Runs the clock again, several times for many rounds, and follows the latest chip back; on a tie
/// the message is what a chip waited for. 8 bytes a chip for each doubling of the rounds.
/// @return nothing where a round has too many steps among too many chips to be followed
[[nodiscard]] std::optional<CriticalPath> critical_path(const kernels::Schedule& schedule,
                                                        const topology::Machine& machine,
                                                        topology::Bytes size,
                                                        const ClockOptions& options);

}  // namespace bench
