// A figure with its origin. The status travels with the number into tables, files and plots.
#pragma once

#include <string>

namespace topology {

enum class Status { published, derived, assumed };

/// @return "published", "derived" or "assumed"
const char* name(Status status);

template <class Q>
struct Sourced {
  Q value{};
  Status status = Status::assumed;
  std::string source;  ///< who says so, or the derivation
};

}  // namespace topology
