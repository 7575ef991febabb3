// What one look at a machine found, and what to do about it.
#pragma once

#include <string>
#include <vector>

namespace bench {

/// good; warn: times may be off, or something beside a run is missing; bad: it would stop a run.
enum class Grade { good, warn, bad };

[[nodiscard]] const char* name(Grade grade);

struct Finding {
  std::string what;  ///< "launcher"
  Grade grade = Grade::good;
  std::string says;
  std::string remedy;  ///< a command to type; empty where all is well
  std::string host;
};

[[nodiscard]] Grade worst(const std::vector<Finding>& findings);

/// For the way between ranks.
[[nodiscard]] std::string to_json(const std::vector<Finding>& findings);
[[nodiscard]] std::vector<Finding> findings_of(const std::string& json);

}  // namespace bench
