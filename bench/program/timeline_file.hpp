// A timeline as Chrome trace events, for Perfetto or chrome://tracing.
#pragma once

#include <string>

#include "bench/training/timeline.hpp"

namespace bench {

/// @throws Error(environment) where the file cannot be written
void write_timeline(const std::string& path, const Timeline& timeline, const std::string& model);

}  // namespace bench
