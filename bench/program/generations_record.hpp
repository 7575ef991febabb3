// Systems compared by their best plans, in a results file.
#pragma once

#include <string>

#include "bench/program/generations.hpp"

namespace bench {

/// Best plans as predicted steps, waterfalls and bounds.
/// @throws Error(environment), see ResultFile
void record_generations(const std::string& output,
                        bool force,
                        const GenerationsOptions& options,
                        const Generations& all);

}  // namespace bench
