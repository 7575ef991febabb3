// What each rank of the pipeline does in a training step, and what waits for what: the passes in
// the order in which the pipeline runs them, messages between its ranks, gradients, parameters and
// the optimizer.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "bench/training/job_times.hpp"
#include "bench/training/pass_graph.hpp"

namespace bench {

/// A node of a rank, which has them all numbered from 1.
struct StepNode {
  std::uint64_t id = 0;
  const WorkNode* work = nullptr;    ///< its tag and `after` are the pass's
  std::int64_t tag = 0;              ///< messages between two ranks in one direction differ in it
  std::vector<std::uint64_t> after;  ///< lower numbers
  const kernels::PipelineTask* pass = nullptr;  ///< null: before or after all of them
};

class StepGraph {
 public:
  using Visit = std::function<void(const StepNode& node)>;

  /// Both must outlive this. @throws Error(usage) as predict_step
  StepGraph(const Job& job, Groups& groups);

  /// All that a rank of the pipeline does, in an order in which it can be done.
  void walk(std::int64_t rank, const Visit& visit) const;

 private:
  class Walker;

  [[nodiscard]] std::int64_t rank_with(std::int64_t chunk, std::int64_t micro_batch) const;

  const Job& job_;
  JobTimes times_;
  kernels::Pipeline pipeline_;
  kernels::PipelineRun run_;
  std::int64_t depth_ = 1;  ///< chunks of the model
  std::map<std::pair<std::int64_t, kernels::Pass>, PassGraph> passes_;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> ranks_;
};

}  // namespace bench
