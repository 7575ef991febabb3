// One training step: the passes of all micro-batches through the pipeline, then gradients and the
// optimizer; what it takes, and what takes it.
//
//   step = run of the pipeline (bubbles come out of it)
//        + gradients and parameters over the data axis, as far as nothing hides them
//        + optimizer
//
// on the rank that is through last. The parts of its time add up to the step.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "bench/training/job.hpp"
#include "kernels/training/memory.hpp"
#include "kernels/training/pipeline.hpp"

namespace bench {

/// What a rank's time goes into.
enum class Spent {
  matmul,
  attention,
  elementwise,
  launch,  ///< waiting for the host to launch operations
  tensor,  ///< communication that nothing hides, by axis
  context,
  expert,
  pipeline,
  data,
  bubble,
  optimizer,
};
inline constexpr std::size_t spent_kinds = 11;

[[nodiscard]] const char* name(Spent spent);

/// Time by what it goes into.
struct Spending {
  std::array<topology::Seconds, spent_kinds> of{};

  topology::Seconds& operator[](Spent spent) { return of[static_cast<std::size_t>(spent)]; }

  const topology::Seconds& operator[](Spent spent) const {
    return of[static_cast<std::size_t>(spent)];
  }

  [[nodiscard]] topology::Seconds total() const;
  void add(const Spending& other, double times = 1);
};

struct Step {
  topology::Seconds time;
  Spending spending;      ///< of the rank that is through last; adds up to `time`
  std::int64_t rank = 0;  ///< that one, in the pipeline
  kernels::PipelineRun run;
  kernels::Memory memory;         ///< of the rank that needs most
  topology::Flops model;          ///< of the step, causal, without recomputation
  topology::Flops hardware;       ///< with it
  topology::FlopsPerSecond peak;  ///< of all chips, in the plan's type: what MFU divides by
  double tokens = 0;

  [[nodiscard]] double tokens_per_second() const { return tokens / time.value(); }

  [[nodiscard]] double mfu() const { return model / time / peak; }

  [[nodiscard]] double hfu() const { return hardware / time / peak; }
};

/// @throws Error(usage) for a plan that fits neither the model nor the machine
[[nodiscard]] Step predict_step(const Job& job);

}  // namespace bench
