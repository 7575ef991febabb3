// A transformer: what its layers are made of, and nothing of how it is trained.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kernels {

/// Queries and keys through a vector of low rank (multi-head latent attention, DeepSeek-V2,
/// arXiv:2405.04434, section 2.1).
struct Latent {
  std::int64_t query_rank = 0;  ///< 0: queries come from the hidden state directly
  std::int64_t key_value_rank = 0;
  std::int64_t rotary = 0;  ///< part of each query, and of the one key that all heads share

  friend bool operator==(const Latent&, const Latent&) = default;
};

struct Attention {
  std::int64_t heads = 0;
  std::int64_t key_value_heads = 0;  ///< each shared by heads / key_value_heads queries
  std::int64_t head_size = 0;        ///< of a query and a key, without a latent's rotary part
  std::int64_t value_size = 0;       ///< of a value
  std::int64_t window = 0;           ///< most tokens that a query sees; 0: all before it
  bool chunked = false;              ///< it sees those of its own window-long chunk (Llama 4)
  std::optional<Latent> latent;
  bool qkv_bias = false;
  bool output_bias = false;
  bool query_key_norm = false;  ///< one per head, shared by all heads

  friend bool operator==(const Attention&, const Attention&) = default;
};

struct Mlp {
  std::int64_t width = 0;  ///< 0: there is none
  bool gated = true;       ///< three matrices, else two
  bool bias = false;

  friend bool operator==(const Mlp&, const Mlp&) = default;
};

struct Experts {
  std::int64_t count = 0;
  std::int64_t chosen = 0;  ///< per token
  Mlp expert;
  Mlp shared;               ///< all shared experts as one, that every token takes
  std::int64_t groups = 1;  ///< that experts are in, of which a token chooses some first
  std::int64_t groups_chosen = 1;
  bool router_bias = false;
  bool shared_gate = false;  ///< a scalar gate beside the shared expert

  friend bool operator==(const Experts&, const Experts&) = default;
};

struct Layer {
  Attention attention;
  Mlp mlp;  ///< dense; none where there are experts
  std::optional<Experts> experts;
  std::int64_t norms = 2;  ///< of the hidden size
  bool norm_bias = false;  ///< LayerNorm, else RMSNorm
  bool parallel = false;   ///< attention and MLP read the same input (GPT-NeoX)

  friend bool operator==(const Layer&, const Layer&) = default;
};

/// Equal layers in a row.
struct Layers {
  Layer layer;
  std::int64_t count = 0;
};

struct Model {
  std::string name;
  std::string type;  ///< model_type of config.json
  std::int64_t hidden = 0;
  std::int64_t vocabulary = 0;
  std::int64_t positions = 0;  ///< learned, as rows of a table; 0: computed
  std::int64_t context = 0;    ///< longest sequence
  bool tied = false;           ///< the output uses the table of the embedding
  bool embedding_norm = false;
  std::vector<Layers> layers;  ///< in the order of the model

  [[nodiscard]] std::int64_t depth() const {
    std::int64_t sum = 0;
    for (const Layers& run : layers) sum += run.count;
    return sum;
  }
};

}  // namespace kernels
