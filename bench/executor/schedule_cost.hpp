// What a schedule costs on a machine, counted once for vectors of any size: its loads grow with the
// size, its latencies and the gaps between its messages do not.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/collective/rounds.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/machine.hpp"
#include "topology/traffic.hpp"

namespace bench {

/// What one repeat of a round puts on the links and adds up on each chip.
struct RoundCost {
  topology::Traffic traffic;
  topology::Seconds reduction;  ///< where the machine says it is not hidden
};

[[nodiscard]] RoundCost cost_of(const kernels::Round& round,
                                const kernels::Schedule& schedule,
                                const topology::Machine& machine,
                                topology::Bytes size);

/// The parts of a collective's time.
struct CostParts {
  topology::Seconds latency;    ///< of messages, and the call's overhead
  topology::Seconds transfer;   ///< bytes on the most loaded links
  topology::Seconds reduction;  ///< adding up, where the machine says it is not hidden

  [[nodiscard]] topology::Seconds time() const { return latency + transfer + reduction; }
};

/// Rounds are synchronous: a round ends when its slowest message has arrived. Chunks are fluid:
/// size / ranks bytes, also where that is not a whole number of elements. Slices follow each other
/// as fast as the busiest class of links lets them: the first takes its time, each further one adds
/// what it keeps that class busy.
class ScheduleCost {
 public:
  /// Of a vector of `size`, or of a slice of one.
  ScheduleCost(const kernels::Schedule& schedule,
               const topology::Machine& machine,
               topology::Bytes size);

  /// `slices` of `scale` times the size each.
  [[nodiscard]] CostParts parts(double scale, std::int64_t slices) const;

  /// The same time by the level that it is spent on: of a round the slowest, of further slices that
  /// of the busiest class. Last what no level takes: the call's overhead, adding up, memories.
  [[nodiscard]] std::vector<topology::Seconds> by_level(double scale, std::int64_t slices) const;

  [[nodiscard]] std::int64_t rounds() const { return repeats_; }

  /// Kinds of rounds that were evaluated.
  [[nodiscard]] std::int64_t classes() const { return static_cast<std::int64_t>(rounds_.size()); }

  /// Loads of all rounds together, of one slice.
  [[nodiscard]] const topology::Traffic& traffic() const { return traffic_; }

 private:
  struct Line {
    std::size_t level = 0;
    topology::ScaledTime time;
  };

  struct Kind {
    std::size_t end = 0;  ///< of its lines
    double repeat = 1;
  };

  /// The slowest line of each kind of round, with its repeats.
  template <class Visit>
  void each_slowest(double scale, Visit&& visit) const;
  void add_round(const RoundCost& cost, double repeat);
  /// Index into busy_, and for how long.
  [[nodiscard]] std::pair<std::size_t, topology::Seconds> busiest(double scale) const;

  topology::Seconds overhead_;
  topology::Traffic traffic_;
  std::vector<Line> lines_;  // of levels that a round uses, round after round
  std::vector<Kind> rounds_;
  std::vector<topology::ScaledTime> busy_;  // by level, memories last
  topology::Seconds reduction_;
  std::int64_t repeats_ = 0;
};

}  // namespace bench
