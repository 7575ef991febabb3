// What the vector units can do at most, to divide measured rates by.
#pragma once

#include <cstdint>

#include "topology/quantity.hpp"

namespace kernels {

/// Runs independent chains of float multiply-adds in registers on the calling thread, `steps` long.
/// The clock of a CPU drifts by several percent, so time this right beside what it is compared
/// with; 100,000 steps take a few milliseconds. @return the work done
topology::Flops run_fma_chains(std::int64_t steps);

}  // namespace kernels
