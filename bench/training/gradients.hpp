// Once a step: gradients and parameters over the data axis, and the optimizer.
#pragma once

#include <vector>

#include "bench/training/operation_time.hpp"
#include "kernels/training/stage.hpp"

namespace bench {

/// What hides the exchange: the last micro-batch going backward, the first going forward. The share
/// of one layer of those of the rank comes after them in any case.
struct Cover {
  topology::Seconds forward;
  topology::Seconds backward;
  std::int64_t layers = 1;
};

/// A collective over the data axis.
struct DataMove {
  kernels::Collective collective = kernels::Collective::all_reduce;
  Group* group = nullptr;
  topology::Bytes size;
};

/// Of the parameters that a rank holds, once a step. With sharded parameters what moves is part of
/// the passes, but for the sums over replicas of shards.
struct DataMoves {
  std::vector<DataMove> gradients;
  std::vector<DataMove> parameters;
};

[[nodiscard]] DataMoves data_moves(const kernels::Plan& plan,
                                   const Axes& axes,
                                   const kernels::HeldParameters& held);

/// Of these, what the passes do not hide.
[[nodiscard]] Spending exposed_exchange(const Job& job,
                                        const OperationTimes& times,
                                        const kernels::HeldParameters& held,
                                        const Cover& cover);

/// With sharded parameters, what those of a part of the model move in its passes: experts among the
/// ranks that have the same ones.
[[nodiscard]] DataMoves moves_of_passes(const kernels::Plan& plan,
                                        const Axes& axes,
                                        const kernels::HeldParameters& held);

/// One after the other.
[[nodiscard]] Taken taken_by(const std::vector<DataMove>& moves, const OperationTimes& times);

/// Bytes that the optimizer of a rank reads and writes.
[[nodiscard]] topology::Bytes optimizer_traffic(const kernels::Plan& plan,
                                                const kernels::HeldParameters& held);

[[nodiscard]] topology::Seconds optimizer_time(const Job& job,
                                               const OperationTimes& times,
                                               const kernels::HeldParameters& held);

}  // namespace bench
