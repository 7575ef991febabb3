// How long each chip waits for others: what is left of its time after its own work.
#pragma once

#include <vector>

#include "bench/clock/clock.hpp"

namespace bench {

/// A chip's own work is what it would take if it heard from everybody at once: its start, the
/// costliest message of each step with what its links or the chip itself add, and its noise.
///
///   wait[r] = finish[r] - start[r] - sum over steps ( max over parts ( cost + extra ) + noise )
///
/// @param finish of a run of the same on all chips
[[nodiscard]] std::vector<Ticks> waiting(const kernels::Schedule& schedule,
                                         const topology::Machine& machine,
                                         topology::Bytes size,
                                         const ClockOptions& options,
                                         const std::vector<Ticks>& finish);

}  // namespace bench
