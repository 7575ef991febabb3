// The reader that computes: exact link loads and the time of a collective in the alpha-beta model
// with contention, from the same schedule that `measure` runs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/executor/candidates.hpp"
#include "kernels/collective/bounds.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/machine.hpp"
#include "topology/traffic.hpp"

namespace bench {

/// See ScheduleCost for what a round is and how slices follow each other.
struct Prediction {
  std::string algorithm;
  topology::Seconds time;
  topology::Seconds latency;   ///< part of `time`: message latencies and the call's overhead
  topology::Seconds transfer;  ///< part of `time`: bytes on the most loaded links
  topology::Seconds
      reduction;  ///< part of `time`: adding up, where the machine says it is not hidden
  kernels::Bound bound;
  std::vector<topology::LinkClass> links;  ///< loads of the whole collective
  /// `time` by the level that it is spent on, last what no level takes, see ScheduleCost::by_level.
  std::vector<topology::Seconds> by_level;
  double imbalance = 1;  ///< of an all-to-all, see kernels::Schedule
  std::int64_t rounds = 0;
  std::int64_t classes = 0;  ///< kinds of rounds evaluated; each stands for all ranks, by symmetry

  [[nodiscard]] double fraction_of_bound() const { return bound.time() / time; }

  /// The class that is busy longest, or null when nothing moves.
  [[nodiscard]] const topology::LinkClass* bottleneck() const;
  /// Its name; "pod, message rate" when the bytes are not what takes the time; "none".
  [[nodiscard]] std::string bottleneck_name() const;
};

/// @param machine the group that the schedule was built for, level for digit
/// @param size    as in collective.hpp
[[nodiscard]] Prediction predict(const kernels::Schedule& schedule,
                                 const topology::Machine& machine,
                                 topology::Bytes size);

/// The same where the bound of the collective is known already.
[[nodiscard]] Prediction predict(const kernels::Schedule& schedule,
                                 const topology::Machine& machine,
                                 topology::Bytes size,
                                 kernels::Bound bound);

/// All candidate algorithms of the group, each in the number of slices that suits it, fastest
/// first.
[[nodiscard]] std::vector<Prediction> predict_all(kernels::Collective collective,
                                                  const topology::Machine& machine,
                                                  topology::Bytes size,
                                                  const PredictOptions& options = {});

/// The fastest prediction among all candidate algorithms of the group, also in slices.
[[nodiscard]] Prediction predict_best(kernels::Collective collective,
                                      const topology::Machine& machine,
                                      topology::Bytes size,
                                      const PredictOptions& options = {});

/// `algorithm` as in kernels::build, "auto" for the best, "nccl" for what NCCL would choose,
/// "nccl:ring" for the best that it has of these.
/// @throws Error(usage) also where the algorithm takes no imbalance
[[nodiscard]] Prediction predict(kernels::Collective collective,
                                 const topology::Machine& machine,
                                 topology::Bytes size,
                                 const std::string& algorithm,
                                 const PredictOptions& options = {});

/// Origin of the figure that binds: the bandwidth of the bottleneck where transfer takes most of
/// the time, else the weakest of the latencies.
[[nodiscard]] topology::Status evidence(const Prediction& prediction,
                                        const topology::Machine& machine);

}  // namespace bench
