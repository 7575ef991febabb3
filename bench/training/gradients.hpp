// Once a step: gradients and parameters over the data axis, and the optimizer.
#pragma once

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

/// Of the parameters that a rank holds, what the passes do not hide.
[[nodiscard]] Spending exposed_exchange(const Job& job,
                                        const OperationTimes& times,
                                        const kernels::HeldParameters& held,
                                        const Cover& cover);

[[nodiscard]] topology::Seconds optimizer_time(const Job& job,
                                               const OperationTimes& times,
                                               const kernels::HeldParameters& held);

}  // namespace bench
