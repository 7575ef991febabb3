// A program as GOAL text, for LogGOPSim and ATLAHS.
#pragma once

#include <iosfwd>

#include "kernels/collective/program.hpp"
#include "topology/quantity.hpp"

namespace bench {

/// What adding up and copying takes: bytes per second; 0: nothing, it is hidden behind the
/// messages.
struct GoalOptions {
  std::int64_t element = 4;  ///< bytes
  topology::BytesPerSecond reduction;
};

/// A rank begins a round when all that it did in the last one in which it did anything has ended.
/// Tags are numbers of rounds and lanes: two messages between the same ranks differ in them.
/// @param program of a known count of elements
void write_goal(std::ostream& out, const kernels::Program& program, const GoalOptions& options);

}  // namespace bench
