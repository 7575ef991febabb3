// The way of one message: which links of which chips it crosses, by the rules of topology::Traffic,
// which knows loads of exchanges that all chips take part in alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "topology/machine.hpp"

namespace bench {

/// A link up (0) or down (1) a ring from a chip to the next, or its port out of (0) or into (1) a
/// switched level.
struct Crossing {
  std::size_t level = 0;
  std::size_t direction = 0;
  std::int64_t chip = 0;
  double share = 1;  ///< of the message
};

/// A level that a message is sent through.
struct Leg {
  std::size_t level = 0;
  topology::Seconds latency;  ///< from the last switch on
};

struct MessageRoute {
  std::vector<Crossing> crossings;
  std::vector<Leg> legs;
};

/// Between two chips: the highest switched level in which they differ places a message in its digit
/// and all below; the ring digits above follow in dimension order, the shorter way or, on a tie,
/// half each way; what goes through a clos tier crosses the ports of the tiers below it.
[[nodiscard]] MessageRoute route_of(const topology::Machine& machine,
                                    std::int64_t from,
                                    std::int64_t to);

/// "x+", "pod out"
[[nodiscard]] std::string link_name(const topology::Machine& machine,
                                    std::size_t level,
                                    std::size_t direction);

}  // namespace bench
