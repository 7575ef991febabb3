// What makes one chip differ from another: slow chips and degraded links, as typed by a user.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "topology/machine.hpp"

namespace bench {

/// A chip whose rounds take `factor` times as long.
struct SlowChip {
  std::int64_t chip = 0;
  double factor = 1;
};

/// Links of one class that carry only `factor` of their bandwidth: those that leave the chips from
/// `first` to below `last`, on a ring in one direction, on a switch their port.
struct DegradedLinks {
  std::size_t level = 0;
  std::int64_t direction = 1;  ///< of a ring: +1 or -1
  std::int64_t first = 0;
  std::int64_t last = 0;
  double factor = 1;
};

/// A link of a ring that is gone, in one direction: messages that would take it go the other way
/// round.
struct FailedLink {
  std::size_t level = 0;
  std::int64_t direction = 1;  ///< +1 or -1
  std::int64_t chip = 0;       ///< that it leaves
};

/// "17:1.5": chip 17 takes 1.5 times as long. @throws Error(usage)
[[nodiscard]] SlowChip parse_slow(const std::string& text, const topology::Machine& machine);

/// "x+@chip=17:0.5": the link of chip 17 up the x ring at half its bandwidth;
/// "pod@ultraserver=5:0.25": the ports to the pod's network of all chips of the sixth UltraServer.
/// @throws Error(usage) when there is no such level, direction, place or number.
[[nodiscard]] DegradedLinks parse_degraded(const std::string& text,
                                           const topology::Machine& machine);

/// "x+@chip=17": the link of chip 17 up the x ring. @throws Error(usage)
[[nodiscard]] FailedLink parse_failed_link(const std::string& text,
                                           const topology::Machine& machine);

/// "pod@chip=17": these ports to a switch are gone, and the others of the domain below it (the
/// UltraServer) carry what they did, so that all its chips are left with an equal share. How the
/// data gets to those ports is not charged. @throws Error(usage)
[[nodiscard]] std::vector<DegradedLinks> parse_failed_ports(const std::vector<std::string>& texts,
                                                            const topology::Machine& machine);

/// "ultraserver=5": the machine without it. The clos tiers become one level, "network", with the
/// rate of the slowest: what is left is no product of them any more. The places are alike, so which
/// one is gone does not matter. @throws Error(usage)
[[nodiscard]] topology::Machine without(const std::string& text, const topology::Machine& machine);

}  // namespace bench
