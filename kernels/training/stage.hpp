// A chunk of a model: consecutive layers on one pipeline rank.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/training/model.hpp"
#include "kernels/training/plan.hpp"

namespace kernels {

struct Stage {
  std::vector<Layers> layers;
  bool first = false;  ///< has the table of the vocabulary, too
  bool last = false;   ///< has the head and the loss, too

  [[nodiscard]] std::int64_t depth() const {
    std::int64_t sum = 0;
    for (const Layers& run : layers) sum += run.count;
    return sum;
  }
};

/// The pipeline x virtual_stages chunks, in the order of the model; of dualpipe those of one
/// direction. Where the layers do not divide evenly, the first chunks but for the very first have
/// one more: that one has the table, the last one the head.
[[nodiscard]] std::vector<Stage> stages(const Model& model, const Plan& plan);

/// Layers of chunk `chunk` of so many.
[[nodiscard]] std::int64_t layers_of_chunk(std::int64_t depth,
                                           std::int64_t chunks,
                                           std::int64_t chunk);

/// Parameters that a rank holds of a chunk, before any sharding over the data axis.
struct HeldParameters {
  double dense = 0;    ///< alike on all context and data ranks
  double experts = 0;  ///< alike on those ranks that have the same experts
};

[[nodiscard]] HeldParameters held_parameters(const Model& model,
                                             const Plan& plan,
                                             const Stage& stage);

/// Ranks that hold the same experts.
[[nodiscard]] std::int64_t expert_replicas(const Plan& plan);

}  // namespace kernels
