// How a model is spread over chips, and what a step of its training is.
#pragma once

#include <cstdint>

#include "kernels/training/model.hpp"
#include "topology/chip.hpp"

namespace kernels {

/// Orders of the forward and backward passes of a pipeline, see pipeline.hpp.
enum class PipelineOrder { gpipe, one_f_one_b, interleaved, zb_h1, zb_v, dual_pipe };

/// What is kept of the forward pass. Selective: all but the scores of unfused attention
/// (Korthikanti et al., arXiv:2205.05198); full: the input of each layer.
enum class Recompute { none, selective, full };

/// @return "none", "selective" or "full"
[[nodiscard]] const char* name(Recompute recompute);

/// What the data-parallel ranks share out instead of each having all: ZeRO 0 to 3
/// (Rajbhandari et al., arXiv:1910.02054); parameters is FSDP.
enum class Sharding { none, optimizer, gradients, parameters };

enum class ContextKind { ring, ulysses };

struct Plan {
  // Sizes of the axes, the innermost first: ranks of an axis are neighbours on the machine, or as
  // far apart as the product of the axes before it. Experts are spread over ranks of the context
  // and data axes, that hold the rest of the layer alike.
  std::int64_t tensor = 1;
  std::int64_t context = 1;
  std::int64_t data = 1;
  std::int64_t pipeline = 1;
  std::int64_t expert = 1;
  /// Node-limited routing: a token crosses once to each group of experts that it chooses, and is
  /// handed on to its experts inside (DeepSeek-V3, arXiv:2412.19437, sections 2.1.2 and 3.2.2).
  bool grouped_experts = false;
  bool split_experts = false;  ///< each expert over the tensor axis, too; else whole on its rank

  PipelineOrder order = PipelineOrder::one_f_one_b;
  std::int64_t virtual_stages = 1;  ///< chunks of layers on each pipeline rank

  std::int64_t sequence = 0;     ///< tokens
  std::int64_t micro_batch = 1;  ///< sequences that pass the pipeline together
  std::int64_t batch = 1;        ///< sequences of a step, of all replicas

  bool sequence_parallel = false;  ///< norms and residuals are split over the tensor axis, too
  ContextKind context_kind = ContextKind::ring;
  Recompute recompute = Recompute::none;
  bool flash_attention = true;  ///< scores never leave the chip (arXiv:2205.14135)
  bool causal = true;           ///< blocks above the diagonal are skipped (flash only)

  Sharding sharding = Sharding::none;
  std::int64_t shard = 0;       ///< data ranks that share; 0: all; fewer is HSDP
  double expert_imbalance = 1;  ///< busiest expert rank over the mean

  topology::DataType type = topology::DataType::bf16;     ///< of activations and parameters
  topology::DataType matmul = topology::DataType::bf16;   ///< of the layers' matmuls
  topology::DataType gradient = topology::DataType::f32;  ///< as summed and reduced

  bool overlap_data = true;      ///< gradients and parameters move beside the passes
  bool overlap_tensor = false;   ///< tensor-parallel collectives beside the matmuls they belong to
  bool overlap_expert = false;   ///< experts' all-to-alls beside other micro-batches' work
  bool overlap_pipeline = true;  ///< activations move to the next stage beside its other work

  [[nodiscard]] std::int64_t chips() const { return tensor * context * data * pipeline; }

  [[nodiscard]] std::int64_t micro_batches() const { return batch / (data * micro_batch); }

  /// Ranks that hold one copy of all experts of a stage.
  [[nodiscard]] std::int64_t expert_ranks() const { return expert * (split_experts ? tensor : 1); }

  /// Tokens of a micro-batch on one rank.
  [[nodiscard]] std::int64_t tokens() const { return micro_batch * sequence / context; }

  [[nodiscard]] std::int64_t sharers() const { return shard == 0 ? data * context : shard; }
};

/// Groups that a model's router chooses from; 1: it chooses experts alone.
[[nodiscard]] std::int64_t expert_groups(const Model& model);

/// Can the model's experts be spread over so many ranks, whatever the other axes are?
/// @throws Error(usage); says what is in the way
void check_experts(const Plan& plan, const Model& model);

/// @throws Error(usage) for a plan that the model cannot be cut into; says what would do
void check(const Plan& plan, const Model& model);

}  // namespace kernels
