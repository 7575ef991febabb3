// Results files compared, as a table and as JSON.
#pragma once

#include "bench/comparison/comparison.hpp"

namespace bench {

/// A row for each group; points that are slower or faster by themselves; what is missing.
/// @param all every point
void print_comparison(const RunComparison& comparison, bool all);

void print_comparison_json(const RunComparison& comparison);

}  // namespace bench
