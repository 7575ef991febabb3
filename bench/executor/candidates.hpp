// The schedules among which "auto" chooses, with their costs: built once, compared at any size.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/executor/schedule_cost.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/machine.hpp"

namespace bench {

/// Which schedules "auto" may choose: all, or those that another reader can run as well.
using Accepts = bool (*)(const kernels::Schedule& schedule);

/// What else is asked of a prediction.
struct PredictOptions {
  Accepts accepts = nullptr;  ///< null: all
  double imbalance = 1;       ///< of an all-to-all, see kernels::Schedule
};

/// Most slices of at least `slice` that a collective is cut into.
[[nodiscard]] std::int64_t most_slices(kernels::Collective collective,
                                       topology::Bytes size,
                                       topology::Bytes slice);

class Candidates {
 public:
  struct Choice {
    std::size_t which = 0;
    std::int64_t slices = 1;
    topology::Seconds time;
  };

  /// Costs are counted at `size`. The machine must outlive this.
  Candidates(kernels::Collective collective,
             const topology::Machine& machine,
             topology::Bytes size,
             const PredictOptions& options = {});

  /// Each in as many slices as make it fastest, the fastest first.
  [[nodiscard]] std::vector<Choice> by_time(topology::Bytes size);

  /// The first of these. @throws Error(usage) where there is none
  [[nodiscard]] Choice fastest(topology::Bytes size);

  [[nodiscard]] std::vector<topology::Seconds> by_level(const Choice& choice,
                                                        topology::Bytes size) const;

  /// As chosen, its name with the slices.
  [[nodiscard]] const kernels::Schedule& schedule(const Choice& choice);

 private:
  struct Candidate {
    kernels::Schedule schedule;
    std::string name;
    ScheduleCost cost;
  };

  /// Times of `size`, of what the costs were counted at.
  [[nodiscard]] double scale(topology::Bytes size) const {
    return size == size_ ? 1 : size / size_;
  }

  kernels::Collective collective_;
  topology::Bytes size_;
  Accepts accepts_;
  std::vector<Candidate> all_;
};

}  // namespace bench
