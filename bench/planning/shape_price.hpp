// What plans of one shape (kernels/training/plan_space.hpp) take at least. Layers are priced once;
// a plan is then sums over its chunks of layers, no pass of which is run:
//
//   step >= pipeline_floor(chunks) + what the rank with least after its passes has after them
//
// Working space is that of the smallest layer.
#pragma once

#include <map>
#include <utility>
#include <vector>

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

class ShapePrice {
 public:
  /// `groups` must outlive this.
  ShapePrice(Job job, Groups& groups) : job_(std::move(job)), groups_(groups) {}

  /// @param plan of the same shape as those before
  /// @throws Error(usage) where the plan does not fit the machine or the chip lacks a figure
  [[nodiscard]] PlanFloor floor(const kernels::Plan& plan);

 private:
  /// Of layers in a row, for one micro-batch.
  struct Amount {
    kernels::ChunkTime time;
    kernels::HeldParameters held;
    topology::Bytes kept;  ///< activations
    std::int64_t layers = 0;

    void add(const Amount& other, std::int64_t times = 1);
  };

  /// One layer of each run of equal ones; what the first and the last chunk have beside layers.
  struct Parts {
    std::vector<Amount> layers;
    Amount table;
    Amount head;
    Amount both;
    topology::Bytes working;  ///< with the smallest layer
    topology::Bytes logits;   ///< where the head is
  };

  /// What a rank has of the chunks.
  struct Share {
    Amount sum;
    topology::Bytes largest;  ///< of the activations that a chunk keeps
  };

  [[nodiscard]] const Parts& parts();
  [[nodiscard]] std::vector<Amount> chunks(const Parts& parts) const;
  [[nodiscard]] static std::vector<Share> shares(const kernels::Pipeline& pipeline,
                                                 const std::vector<Amount>& chunks);

  Job job_;  // with the plan at hand
  Groups& groups_;
  /// By the replicas that share parameters (0: none do), and whether weights have own passes.
  std::map<std::pair<std::int64_t, bool>, Parts> parts_;
};

}  // namespace bench
