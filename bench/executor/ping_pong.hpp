// How far two cores are from each other.
#pragma once

#include <cmath>
#include <limits>

#include "topology/quantity.hpp"

namespace bench {

/// Before and after something; a guest may be moved in between. Not a number: not known.
struct CoreToCore {
  topology::Seconds before{std::numeric_limits<double>::quiet_NaN()};
  topology::Seconds after{std::numeric_limits<double>::quiet_NaN()};

  [[nodiscard]] bool known() const { return !std::isnan(before.value()); }
};

/// One way of a cache line between ranks 0 and 1 of this host, the median of some hundred round
/// trips. Guests of a hypervisor are moved: between cores of one cache it is some 50 ns, across
/// caches several times that, and everything else is slower as well. Collective over
/// MPI_COMM_WORLD, at least two ranks, all on one host.
[[nodiscard]] topology::Seconds core_to_core();

}  // namespace bench
