// What a training job is made of, in seconds: its pipeline, and what each rank does in it and after
// it. Internal to the step and its timeline.
#pragma once

#include <vector>

#include "bench/training/chunk_time.hpp"
#include "bench/training/operation_time.hpp"
#include "kernels/training/memory.hpp"
#include "kernels/training/pipeline.hpp"

namespace bench {

/// Activations or their gradient, which go to the next rank of the pipeline.
[[nodiscard]] topology::Bytes pipeline_message(const Job& job);

/// How long that takes.
[[nodiscard]] Taken pipeline_transfer(const Job& job, const OperationTimes& times);

class JobTimes {
 public:
  /// Both must outlive this. @throws Error(usage) for a plan that does not fit the machine
  JobTimes(const Job& job, Groups& groups);

  [[nodiscard]] kernels::Pipeline pipeline(bool keep_tasks) const;

  /// Its passes, what it sends along the pipeline, its bubbles.
  [[nodiscard]] Spending passes(const kernels::Pipeline& pipeline,
                                const kernels::PipelineRank& rank,
                                std::int64_t index) const;

  /// After them: gradients and parameters as far as nothing hides them, the optimizer.
  [[nodiscard]] Spending after(const kernels::Pipeline& pipeline,
                               const kernels::PipelineRank& rank,
                               std::int64_t index) const;

  /// What a rank of the pipeline holds, all its chunks together.
  struct Holding {
    kernels::HeldParameters parameters;
    std::int64_t layers = 1;  ///< one at least
  };

  [[nodiscard]] Holding holding(const kernels::Pipeline& pipeline, std::int64_t index) const;

  [[nodiscard]] kernels::Memory memory(const kernels::Pipeline& pipeline,
                                       const kernels::PipelineRank& rank,
                                       std::int64_t index) const;

  /// Of activations or their gradient to the next rank.
  [[nodiscard]] Taken transfer() const { return pipeline_transfer(job_, times_); }

  [[nodiscard]] const kernels::Stage& stage(std::int64_t chunk) const {
    return stages_[static_cast<std::size_t>(chunk)];
  }

  [[nodiscard]] const OperationTimes& times() const { return times_; }

 private:
  [[nodiscard]] std::vector<kernels::Stage> held(const kernels::Pipeline& pipeline,
                                                 std::int64_t index) const;

  const Job& job_;
  OperationTimes times_;
  std::vector<kernels::Stage> stages_;
  std::vector<ChunkSpending> chunks_;
};

}  // namespace bench
