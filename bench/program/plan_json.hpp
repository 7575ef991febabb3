// A plan that a search has found, for programs.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/planning/search.hpp"

namespace bench {

/// Degrees, order, what is recomputed and shared; step, MFU, memory, and what the time goes into.
[[nodiscard]] nlohmann::ordered_json plan_json(const FoundPlan& found);

}  // namespace bench
