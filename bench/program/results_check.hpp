// Whether a results file is what its schema says.
#pragma once

#include <string>
#include <vector>

namespace bench {

/// One sentence for each thing that is wrong: tables and columns, types, units, lengths, values
/// that cannot be.
/// @throws Error(environment) where it is no results file at all, see ReadFile
[[nodiscard]] std::vector<std::string> problems(const std::string& path);

/// @throws Error(verdict) where there is a problem
void check_results(const std::string& path);

}  // namespace bench
