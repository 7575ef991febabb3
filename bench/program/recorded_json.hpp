// JSON that a results file holds: its manifest, its command, the points that were asked for.
#pragma once

#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/record/read.hpp"
#include "topology/error.hpp"

namespace bench {

/// What `read` makes of the JSON text `path`. @throws Error(environment) where it is not what it
/// should be
template <class Read>
auto recorded_json(const ReadFile& file, const std::string& path, Read&& read) {
  try {
    return read(nlohmann::json::parse(file.text(path)));
  } catch (const nlohmann::json::exception&) {
    throw topology::Error(topology::ErrorKind::environment,
                          fmt::format("{}: {} is damaged", file.path(), path));
  }
}

}  // namespace bench
