// Completion scripts for shells, made of the reference.
#pragma once

#include <string>
#include <vector>

#include "bench/program/reference.hpp"

namespace bench {

[[nodiscard]] std::string bash_completion(const std::vector<ReferenceCommand>& all);
[[nodiscard]] std::string zsh_completion(const std::vector<ReferenceCommand>& all);
[[nodiscard]] std::string fish_completion(const std::vector<ReferenceCommand>& all);

}  // namespace bench
