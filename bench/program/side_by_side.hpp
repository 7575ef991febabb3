// Chip generations side by side, kernel by kernel, from the modelled tables of a results file.
#pragma once

#include <cstdint>
#include <string>

namespace bench {

/// Prints times, ratios to the baseline and what binds.
/// @param chips collectives over so many; 0: over the most that the file has
/// @throws Error(usage) where the file holds nothing to compare, or not the baseline
void print_side_by_side(const std::string& path, const std::string& baseline, std::int64_t chips);

}  // namespace bench
