// What a micro-batch spends in a chunk of layers.
#pragma once

#include "bench/training/operation_time.hpp"
#include "bench/training/step.hpp"
#include "kernels/training/pipeline.hpp"
#include "kernels/training/stage.hpp"

namespace bench {

struct ChunkSpending {
  Spending forward;
  Spending backward;
  Spending weights;

  [[nodiscard]] kernels::ChunkTime time() const {
    return {forward.total(), backward.total(), weights.total()};
  }
};

[[nodiscard]] ChunkSpending chunk_spending(const Job& job,
                                           const kernels::Stage& stage,
                                           OperationTimes& times);

}  // namespace bench
