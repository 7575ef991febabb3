// Whether a results file is what its schema says.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct ResultsCheck {
  std::string version;                ///< of the file's schema
  std::vector<std::string> problems;  ///< a sentence each: tables and columns, types, units,
                                      ///< lengths, values that cannot be
  std::vector<std::string> later;     ///< columns that an older file lacks: they came since
};

/// @throws Error(environment) where it is no results file at all, see ReadFile
[[nodiscard]] ResultsCheck check_file(const std::string& path);

/// Says what check_file finds. @throws Error(verdict) where there is a problem
void check_results(const std::string& path);

}  // namespace bench
