// One training step: the passes of all micro-batches through the pipeline, then gradients and the
// optimizer; what it takes, and what takes it.
//
//   step = run of the pipeline (bubbles come out of it)
//        + gradients and parameters over the data axis, as far as nothing hides them
//        + optimizer
//
// on the rank that is through last. The parts of its time add up to the step.
#pragma once

#include <cstdint>

#include "bench/training/job.hpp"
#include "bench/training/spending.hpp"
#include "kernels/training/memory.hpp"

namespace bench {

struct Step {
  topology::Seconds time;
  Spending spending;              ///< of the rank that is through last; adds up to `time`
  std::int64_t rank = 0;          ///< that one, in the pipeline
  kernels::Memory memory;         ///< of the rank that needs most
  topology::Flops model;          ///< of the step, causal, without recomputation
  topology::Flops hardware;       ///< with it
  topology::FlopsPerSecond peak;  ///< of all chips, in the plan's type: what MFU divides by
  double tokens = 0;

  [[nodiscard]] double tokens_per_second() const { return tokens / time.value(); }

  [[nodiscard]] double mfu() const { return model / time / peak; }

  [[nodiscard]] double hfu() const { return hardware / time / peak; }

  /// True where the capacity is not known.
  [[nodiscard]] bool fits(const topology::Chip& chip) const {
    return !chip.memory_capacity || memory.total() <= chip.memory_capacity->value;
  }
};

/// @throws Error(usage) for a plan that fits neither the model nor the machine
[[nodiscard]] Step predict_step(const Job& job);

/// The same with groups that others of these jobs have met already.
[[nodiscard]] Step predict_step(const Job& job, Groups& groups);

}  // namespace bench
