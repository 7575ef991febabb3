// What is in a results file, on one screen; what is missing of a run that was cut off.
#pragma once

#include <string>

namespace bench {

/// A file that is there and is HDF5 or called like results.
[[nodiscard]] bool is_results(const std::string& path);

/// @throws Error(environment), see ReadFile
void print_results(const std::string& path);

}  // namespace bench
