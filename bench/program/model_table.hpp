// Models on a terminal: parameters and FLOPs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/training/model.hpp"

namespace bench {

/// The length of sequence that FLOPs are for: `asked`, or if that is 0 the usual 4096, as far as
/// the model's context allows. @throws topology::Error(usage) beyond a table of positions
[[nodiscard]] std::int64_t sequence_of(const kernels::Model& model, std::int64_t asked);
/// The same, cut to the table of positions.
[[nodiscard]] std::int64_t cut_sequence_of(const kernels::Model& model, std::int64_t asked);
/// Of a training job: says on stderr when a sequence is longer than the model's context.
/// @throws topology::Error(usage) beyond a table of positions
void check_sequence(const kernels::Model& model, std::int64_t sequence);

/// Each different layer with the number of its like, in the order of first appearance.
[[nodiscard]] std::vector<kernels::Layers> kinds_of(const kernels::Model& model);

/// A line for each.
void print_models(const std::vector<std::string>& names, std::int64_t asked);
/// Each kind of layer and the whole, by part.
void print_model(const kernels::Model& model, std::int64_t sequence);

}  // namespace bench
