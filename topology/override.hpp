// A figure set on the command line: "z.bandwidth=200 GB/s".
#pragma once

#include <string>
#include <string_view>

#include "topology/document.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"
#include "topology/sourced.hpp"

namespace topology {

struct Override {
  std::string key;
  std::string value;
};

/// @throws Error(usage) if there is no key or no '='
[[nodiscard]] inline Override split_override(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    usage_error("'" + text + "' is not KEY=VALUE, such as 'z.bandwidth=200 GB/s'");
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// The value as a figure, held to the rules of a file.
template <class Q>
[[nodiscard]] Sourced<Q> overridden(const Override& change) {
  try {
    const Q value = parse<Q>(change.value);
    const std::string wrong = complaint(change.key, value);
    if (!wrong.empty()) usage_error("'" + change.value + "': " + wrong);
    return {value, Status::assumed, "set on the command line"};
  } catch (const Error& error) {
    throw Error(error.kind(), change.key + ": " + error.what());
  }
}

}  // namespace topology
