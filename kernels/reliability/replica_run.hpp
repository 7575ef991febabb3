// A run in which a failure stops one data-parallel replica.
#pragma once

#include "kernels/reliability/run.hpp"

namespace kernels {

/// Work of the replicas that are there counts as it is done. See simulate_run; stragglers are not
/// yet taken off what is useful.
[[nodiscard]] Run simulate_replica_run(const Reliability& job,
                                       topology::Seconds duration,
                                       std::uint64_t seed,
                                       std::uint64_t run);

}  // namespace kernels
