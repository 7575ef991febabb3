// Names people type: nearest known name, lists for messages.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace topology {

/// @return the known name within edit distance 2 (or a third of the length) of `typed`, or "".
[[nodiscard]] std::string nearest(std::string_view typed, std::span<const std::string> known);

/// @return "unknown WHAT 'typed'; did you mean 'x'? known: a, b, c"
[[nodiscard]] std::string unknown_name(std::string_view what,
                                       std::string_view typed,
                                       std::span<const std::string> known);

}  // namespace topology
