// What plans of one shape (kernels/training/plan_space.hpp) take at least. Pieces of the model are
// priced once for a shape; a plan is then sums over them (pipeline_floor.hpp), no pass of which is
// run. In two steps:
//
//   quick   step >= pipeline_floor(pieces, without what sharded parameters move); memory
//   full    step >= pipeline_floor(pieces) + what the rank with least after its passes has after
//                   them
//
// For 344,376 plans of Llama-3.1-405B on 65,536 chips all but some thousand are out after the
// quick one, and the communicators of those many are never looked at.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "bench/planning/pipeline_floors.hpp"
#include "bench/training/groups.hpp"
#include "bench/training/job.hpp"
#include "bench/training/operation_time.hpp"
#include "kernels/training/pipeline.hpp"
#include "kernels/training/plan.hpp"
#include "kernels/training/stage.hpp"
#include "topology/quantity.hpp"

namespace bench {

struct PlanFloor {
  topology::Seconds time;
  topology::Bytes memory;  ///< of the rank that needs most
};

/// One of each piece, for one micro-batch.
struct PieceCosts {
  /// Without what sharded parameters move; weights in passes of their own: [1].
  std::array<std::vector<kernels::ChunkTime>, 2> times;
  std::vector<kernels::HeldParameters> held;
  std::vector<topology::Bytes> kept;      ///< activations
  std::vector<topology::Bytes> work;      ///< at work, or logits
  std::vector<topology::Bytes> gathered;  ///< where parameters are shared
};

/// Prices plans on one thread.
class ShapePrice {
 public:
  /// Groups and floors must outlive this.
  ShapePrice(Job job, Groups& groups, PipelineFloors& floors)
      : job_(std::move(job)), groups_(groups), floors_(floors) {}

  /// @param plan any one of the shape
  /// @throws Error(usage) where it does not fit the machine or the chip lacks a figure
  [[nodiscard]] PieceCosts costs(kernels::Plan plan);

  /// From here on of plans on as many ranks of each axis. @throws Error(usage) as above
  void use(const kernels::Plan& plan, const PieceCosts& costs);

  /// With the ranks in use; order, chunks and sharding are the plan's.
  [[nodiscard]] topology::Seconds quick_time(const kernels::Plan& plan);
  [[nodiscard]] topology::Bytes memory(const kernels::Plan& plan);
  [[nodiscard]] topology::Seconds full_time(const kernels::Plan& plan);

 private:
  using Pipeline = std::pair<std::int64_t, kernels::PipelineOrder>;  // chunks of a rank, order

  /// What a rank keeps, for any sharding.
  struct Rank {
    kernels::HeldParameters held;
    topology::Bytes unshared;  // activations, what is at work, logits
    topology::Bytes gathered;  // where parameters are shared
  };

  [[nodiscard]] Rank rank(const kernels::PipelineFloor& floor,
                          const kernels::PipelineFloor::Held& held) const;
  [[nodiscard]] topology::Seconds pipeline(const std::vector<kernels::ChunkTime>& pieces);
  [[nodiscard]] std::vector<kernels::ChunkTime> with_sharding() const;
  [[nodiscard]] topology::Seconds after(const kernels::Pieces& pieces,
                                        const std::vector<kernels::ChunkTime>& times) const;

  Job job_;  // with the plan at hand
  Groups& groups_;
  PipelineFloors& floors_;
  const PieceCosts* costs_ = nullptr;
  std::optional<OperationTimes> times_;
  topology::Seconds transfer_;
  std::optional<Pipeline> ranks_of_;
  std::vector<Rank> ranks_;  // of that pipeline, with the ranks in use
};

}  // namespace bench
