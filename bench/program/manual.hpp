// The reference as man pages and as docs/reference.md.
#pragma once

#include <string>
#include <vector>

#include "bench/program/reference.hpp"

namespace bench {

/// roff of rainier(1) or rainier-COMMAND(1).
[[nodiscard]] std::string manual_page(const ReferenceCommand& command,
                                      const std::vector<ReferenceCommand>& all);

[[nodiscard]] std::string reference_page(const std::vector<ReferenceCommand>& all);

}  // namespace bench
