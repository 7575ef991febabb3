// Chips of the published tables, which name them with their memory: "H100-80".
#pragma once

#include <string>

namespace bench {

/// The chip file, "h100". Empty where no chip is named or it has no file.
[[nodiscard]] std::string published_chip(const std::string& name_in_table);

}  // namespace bench
