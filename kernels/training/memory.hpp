// What a training step keeps in the memory of a chip.
//
// Per parameter, mixed precision and Adam: the parameter in `type`, its gradient in `gradient`, and
// 12 bytes of master copy and two moments in f32. Sharding divides by the ranks that share: the
// 12 bytes (optimizer), the gradient, too (gradients), all (parameters): Rajbhandari et al.,
// arXiv:1910.02054.
//
// Activations per token, layer and micro-batch, e bytes an element (Korthikanti et al.,
// arXiv:2205.05198, section 4, where they come to 34 h + 5 a s for e = 2, gelu and a width of 4 h):
//   alike on all tensor ranks, unless sequence_parallel splits them:
//     inputs of two norms, of attention and of the MLP: 4 e h, two dropout masks: 2 h
//   split over the tensor ranks: queries, keys, values, what leaves attention, what goes up and
//   what
//     comes out of the activation; unfused: scores e, mask 1 and dropped scores e per key and head
// With full recomputation: the input of each layer, e h, and all of one layer at work.
#pragma once

#include <cstdint>

#include "kernels/training/model.hpp"
#include "kernels/training/plan.hpp"
#include "kernels/training/stage.hpp"
#include "topology/quantity.hpp"

namespace kernels {

struct Memory {
  topology::Bytes parameters;
  topology::Bytes gradients;
  topology::Bytes optimizer;
  topology::Bytes activations;  ///< of the micro-batches in flight
  topology::Bytes working;      ///< one layer at work or gathered, and the logits

  [[nodiscard]] topology::Bytes total() const {
    return parameters + gradients + optimizer + activations + working;
  }
};

/// Kept by one layer of one micro-batch until its backward pass, without recomputation.
[[nodiscard]] topology::Bytes layer_activations(const Model& model,
                                                const Layer& layer,
                                                const Plan& plan);

/// The same, with what the plan recomputes.
[[nodiscard]] topology::Bytes kept(const Model& model, const Layer& layer, const Plan& plan);

/// Parameters, gradients and optimizer of what a rank holds.
[[nodiscard]] Memory states(const Plan& plan, const HeldParameters& held);

/// One layer at work or gathered, and the logits where the head is.
[[nodiscard]] topology::Bytes working(const Model& model,
                                      const Plan& plan,
                                      const std::vector<Stage>& chunks);

/// Of a rank with these chunks.
/// @param in_flight chunks x micro-batches whose activations it holds at most
[[nodiscard]] Memory memory(const Model& model,
                            const Plan& plan,
                            const std::vector<Stage>& chunks,
                            std::int64_t in_flight);

}  // namespace kernels
