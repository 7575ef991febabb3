// All plans that a model can be cut into on a number of chips: what a search goes through.
//
// A plan falls into two parts. Its shape is what decides how long one layer takes for one
// micro-batch: the axes inside a pipeline stage, the micro-batch, what is recomputed. Its spread is
// the rest: over pipeline ranks and replicas, the order of the passes, what the replicas share. A
// shape is priced once for all of its spreads.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/training/model.hpp"
#include "kernels/training/plan.hpp"

namespace kernels {

/// The values that a search may choose from, in the order in which it tries them.
struct PlanSpace {
  std::vector<std::int64_t> tensor;
  std::vector<std::int64_t> context;
  std::vector<std::int64_t> expert;
  std::vector<std::int64_t> micro_batch;
  std::vector<Recompute> recompute;
  std::vector<std::int64_t> pipeline;
  std::vector<std::int64_t> virtual_stages;
  std::vector<PipelineOrder> orders;
  std::vector<Sharding> sharding;
  /// Chips within which replicas may share, each with its tensor ranks (HSDP), besides all of them.
  std::vector<std::int64_t> shard_domains;
};

/// Every divisor: of the heads (tensor), the sequence (context), the experts, the replicas' share
/// of the batch; as many pipeline ranks and chunks as there are layers; all orders and ways to
/// share, among all replicas. Tensor and context ranks at most `most_model_chips` together.
[[nodiscard]] PlanSpace whole_space(const Model& model,
                                    const Plan& given,
                                    std::int64_t chips,
                                    std::int64_t most_model_chips);

/// Plans with `given`'s sequence, batch, types and overlaps; the axes of a stage, micro-batch and
/// recomputation from the space; pipeline 1, sharding none. With more than one tensor rank, norms
/// are split over them (sequence parallel): less memory for the same bytes.
[[nodiscard]] std::vector<Plan> shapes(const PlanSpace& space,
                                       const Model& model,
                                       const Plan& given,
                                       std::int64_t chips);

/// The plans of a shape that use all chips and pass `check`, each once.
[[nodiscard]] std::vector<Plan> spreads(const PlanSpace& space,
                                        const Model& model,
                                        const Plan& shape,
                                        std::int64_t chips);

}  // namespace kernels
