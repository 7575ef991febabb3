// A plan in a few words, for tables.
#pragma once

#include <string>

#include "kernels/training/plan.hpp"

namespace bench {

/// "tp 16 pp 8 dp 512 interleaved x 4 mbs 1 zero 2": what is 1 or none is left out.
[[nodiscard]] std::string plan_text(const kernels::Plan& plan);

/// "3", or "3/16" where 16 replicas share.
[[nodiscard]] std::string sharing(const kernels::Plan& plan);

}  // namespace bench
