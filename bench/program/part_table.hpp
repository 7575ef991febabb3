// The same step on fewer and fewer chips: time against cost, as a table and as JSON.
#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "bench/planning/search.hpp"

namespace bench {

/// All-in power where it is known, else that of the chip alone.
[[nodiscard]] const topology::Figure<topology::Watts>& power_of(const topology::Chip& chip);

/// @param parts all chips first
void print_parts(const topology::Chip& chip, const std::vector<PartPlan>& parts);

[[nodiscard]] nlohmann::ordered_json parts_json(const topology::Chip& chip,
                                                const std::vector<PartPlan>& parts);

}  // namespace bench
