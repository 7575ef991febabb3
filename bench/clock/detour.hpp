// The way around a link that is gone.
#pragma once

#include <vector>

#include "bench/clock/clock_round.hpp"

namespace bench {

/// Who waits longer in a round because a link of a ring has failed, and how much longer: messages
/// on that line take the way that is left, and each takes the time of the most loaded link on its
/// way, as it does without a fault; half of a message that is split between both ways goes with the
/// other half. All parts of the round that use the line share its links.
/// @param parts     with what they take without a fault
/// @param reduction part of that for adding up
void add_detours(std::vector<Special>& specials,
                 const FailedLink& link,
                 const kernels::Round& round,
                 const std::vector<ClockPart>& parts,
                 const kernels::Schedule& schedule,
                 const topology::Machine& machine,
                 topology::Bytes size,
                 topology::Seconds reduction);

}  // namespace bench
