// Families of transformers: what a model_type of Hugging Face says that config.json does not.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "kernels/training/config_reader.hpp"
#include "kernels/training/model.hpp"

namespace kernels {

/// Names of the sizes that every family has; where one is absent, the usual name is looked for.
struct Keys {
  const char* hidden = "hidden_size";
  const char* layers = "num_hidden_layers";
  const char* heads = "num_attention_heads";
  const char* width = "intermediate_size";
  const char* context = "max_position_embeddings";
};

inline constexpr Keys usual_keys{};

/// Sizes of a family's configuration class, in force where the file is silent; 0: see Family.
struct Defaults {
  std::int64_t vocabulary = 0;       ///< 0: the key is required
  std::int64_t heads = 0;            ///< 0: the key is required
  std::int64_t key_value_heads = 0;  ///< 0: as many as heads
  std::int64_t head_size = 0;        ///< 0: hidden size / heads
  std::int64_t width_by_hidden = 0;  ///< of the MLP, by the hidden size; 0: the key is required
};

/// Which layers have a window, and how long it is.
struct Windows {
  const char* key = nullptr;  ///< of its size; nullptr: no layer has one
  std::int64_t size = 0;      ///< where the file is silent
  bool chunked = false;
  bool (*has)(const ConfigReader& config, std::int64_t layer) = nullptr;
};

struct Family {
  const char* type = "";
  Keys keys = {};
  Defaults defaults = {};
  bool gated = true;      ///< the MLP
  bool bias = false;      ///< of all linear layers of a block, unless the file says otherwise
  bool qkv_bias = false;  ///< of queries, keys and values, always
  bool query_key_norm = false;
  std::int64_t norms = 2;
  bool layer_norm = false;  ///< else RMSNorm
  bool parallel = false;
  bool tied = false;
  bool embedding_norm = false;
  std::int64_t extra_positions = -1;  ///< rows beyond the context's; -1: no table of positions
  Windows windows = {};
  /// Fills in the latent and the sizes of its heads.
  void (*latent)(const ConfigReader& config, Attention& attention) = nullptr;
  /// Of one layer; none where it is dense.
  std::optional<Experts> (*experts)(const ConfigReader& config, std::int64_t layer) = nullptr;
};

[[nodiscard]] std::span<const Family> families();

}  // namespace kernels
