// How far two cores are from each other.
#pragma once

#include "topology/quantity.hpp"

namespace bench {

/// One way of a cache line between ranks 0 and 1 of this host, the median of some hundred round
/// trips. Guests of a hypervisor are moved: between cores of one cache it is some 50 ns, across
/// caches several times that, and everything else is slower as well. Collective over
/// MPI_COMM_WORLD, at least two ranks, all on one host.
[[nodiscard]] topology::Seconds core_to_core();

}  // namespace bench
