// The way around links that are gone.
#pragma once

#include <vector>

#include "bench/clock/clock_round.hpp"

namespace bench {

/// Who waits longer in a round because links of rings have failed, and how much longer: messages
/// on such a line take the way that is left, and each takes the time of the most loaded link on its
/// way, as it does without a fault; half of a message that is split between both ways goes with the
/// other half. All parts of the round that use the line share its links.
/// @param parts     with what they take without a fault
/// @param reduction part of that for adding up
/// @throws Error(usage) where both ways are cut
void add_detours(std::vector<Special>& specials,
                 const std::vector<FailedLink>& failed,
                 const kernels::Round& round,
                 const std::vector<ClockPart>& parts,
                 const kernels::Schedule& schedule,
                 const topology::Machine& machine,
                 topology::Bytes size,
                 topology::Seconds reduction);

}  // namespace bench
