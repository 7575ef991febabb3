// A predicted collective as a timeline: a track for every link of every rank, on which messages
// follow each other, and one for the rounds.
#pragma once

#include "bench/training/timeline.hpp"
#include "kernels/collective/program.hpp"
#include "topology/machine.hpp"
#include "topology/quantity.hpp"

namespace bench {

/// Each message of the first slice; of those behind it how long they keep each link busy. The last
/// round ends when `predict` says. @throws Error(usage) where that is too much to draw
[[nodiscard]] Timeline collective_timeline(const kernels::Schedule& schedule,
                                           const topology::Machine& machine,
                                           topology::Bytes size);

/// The same of a program.
[[nodiscard]] Timeline collective_timeline(const kernels::Program& program,
                                           const topology::Machine& machine,
                                           topology::Bytes size);

}  // namespace bench
