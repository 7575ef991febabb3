// What a step takes and the next one puts is written into the slot on the way: not read again.
#pragma once

#include "bench/executor/host_plan.hpp"

namespace bench {

/// Takes of `before` write into the slot of `after`, too, in the place of its puts. Takes are cut
/// where only a part of them is put; what another take of the step changes later stays with the
/// put.
void pass_on(HostStep& before, HostStep& after);

}  // namespace bench
