// Parameters and FLOPs of a transformer, by part.
#pragma once

#include <array>
#include <cstdint>
#include <numeric>

#include "kernels/training/model.hpp"
#include "topology/quantity.hpp"

namespace kernels {

enum class ModelPart {
  attention,  ///< projections of queries, keys, values and the output
  scores,     ///< queries x keys, and those x values
  mlp,        ///< dense
  experts,    ///< routed
  shared,     ///< shared experts, with their gate
  router,
  norms,
  embedding,  ///< of tokens; where it is tied it is the head's table, too
  positions,
  head,
};

struct PartName {
  ModelPart part;
  const char* name;
};

inline constexpr std::array part_names = {PartName{ModelPart::attention, "attention"},
                                          PartName{ModelPart::scores, "scores"},
                                          PartName{ModelPart::mlp, "mlp"},
                                          PartName{ModelPart::experts, "experts"},
                                          PartName{ModelPart::shared, "shared"},
                                          PartName{ModelPart::router, "router"},
                                          PartName{ModelPart::norms, "norms"},
                                          PartName{ModelPart::embedding, "embedding"},
                                          PartName{ModelPart::positions, "positions"},
                                          PartName{ModelPart::head, "head"}};

/// An amount for each part of a layer or of a model.
template <class Amount>
struct Parts {
  std::array<Amount, part_names.size()> amounts{};

  [[nodiscard]] Amount& operator[](ModelPart part) {
    return amounts[static_cast<std::size_t>(part)];
  }

  [[nodiscard]] const Amount& operator[](ModelPart part) const {
    return amounts[static_cast<std::size_t>(part)];
  }

  [[nodiscard]] Amount total() const {
    return std::accumulate(amounts.begin(), amounts.end(), Amount{});
  }

  friend bool operator==(const Parts&, const Parts&) = default;
};

using Parameters = Parts<std::int64_t>;

[[nodiscard]] Parameters layer_parameters(const Layer& layer, std::int64_t hidden);
/// With the chosen ones of the routed experts.
[[nodiscard]] Parameters active_layer_parameters(const Layer& layer, std::int64_t hidden);
/// Of the layers, the table of tokens and that of positions, the last norm and the head.
[[nodiscard]] Parameters parameters(const Model& model);
/// Those that one token meets: of the routed experts the chosen ones; the whole table of tokens.
[[nodiscard]] Parameters active_parameters(const Model& model);

/// How many keys per query of a sequence of s tokens are counted. A window bounds them in each.
enum class Scores {
  full,    ///< s: nothing is skipped, as in Megatron's and PaLM's formulas
  causal,  ///< s / 2: the usual half
  exact,   ///< (s + 1) / 2: with the diagonal
};

/// Mean over the queries of a sequence.
[[nodiscard]] double keys_per_query(const Attention& attention,
                                    std::int64_t sequence,
                                    Scores scores);

using FlopParts = Parts<topology::Flops>;

/// Per token, forward: two per multiply-add of matrix products. Biases, norms, activations and
/// softmax are left out, and the embedding is a look-up.
[[nodiscard]] FlopParts layer_flops(const Layer& layer,
                                    std::int64_t hidden,
                                    std::int64_t sequence,
                                    Scores scores = Scores::causal);
[[nodiscard]] FlopParts forward_flops(const Model& model,
                                      std::int64_t sequence,
                                      Scores scores = Scores::causal);

/// Per token, forward and backward without recomputation: three times forward. The model FLOPs of
/// an MFU; with Scores::full those of Narayanan et al. (arXiv:2104.04473) and Korthikanti et al.
/// (arXiv:2205.05198, equation 7): 72 B s l h^2 (1 + s / 6h + V / 12lh) for B s tokens.
[[nodiscard]] topology::Flops training_flops(const Model& model,
                                             std::int64_t sequence,
                                             Scores scores = Scores::causal);
/// Per token, with each layer's forward pass done again (arXiv:2104.04473, equation 3):
/// 96 B s l h^2 (1 + s / 6h + V / 16lh) for B s tokens. The hardware FLOPs of an HFU.
[[nodiscard]] topology::Flops recomputed_flops(const Model& model,
                                               std::int64_t sequence,
                                               Scores scores = Scores::causal);
/// Per token, with the products of queries and keys done again: what selective recomputation of
/// unfused attention adds, 2 s h a layer.
[[nodiscard]] topology::Flops rescored_flops(const Model& model,
                                             std::int64_t sequence,
                                             Scores scores = Scores::causal);
/// Per token, the rule of thumb 6 P with the active parameters (Kaplan et al., arXiv:2001.08361).
[[nodiscard]] topology::Flops six_per_parameter(const Model& model);

}  // namespace kernels
