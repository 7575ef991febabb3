// Models for other programs: parameters and FLOPs as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/training/model.hpp"

namespace bench {

/// The whole and each kind of layer by part, and the FLOPs of training in each convention.
[[nodiscard]] std::string model_json(const kernels::Model& model, std::int64_t sequence);

}  // namespace bench
