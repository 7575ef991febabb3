// The algorithms. Each builds the reduce-scatter phase over some digits of a group; the composition
// makes hierarchies of them, mirrors them into all-gathers and joins the two into all-reduces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/collective/schedule.hpp"
#include "topology/machine.hpp"

namespace kernels {

/// One phase of a hierarchy: an algorithm over some digits, lower phases done before.
struct Phase {
  enum class Algorithm { ring, halving, direct };
  Algorithm algorithm = Algorithm::ring;
  std::vector<std::size_t> digits;
  int ports = 0;  ///< lanes of `halving`; 0: one per bit
};

/// The digits of the group that this phase works on, and what earlier phases left of the others.
struct Context {
  std::vector<std::int64_t> extents;
  std::vector<bool> ring;  ///< digit is a torus dimension; a ring of 4 is read as a Gray code
  Box chunks;              ///< `all` on digits still whole, own on digits already scattered
};

Node ring_phase(const Context& context, std::size_t digit);
Node halving_phase(const Context& context, const std::vector<std::size_t>& digits, int ports);
Node direct_phase(const Context& context, const std::vector<std::size_t>& digits);

/// Builds a collective over all levels of a machine.
///
/// `text` is a name for the whole group: "ring" (one ring per level, lowest first), "rhd"
/// (recursive halving and doubling; a torus is one hypercube with a port per bit), "direct" (one
/// exchange with everybody), or phases in the order of the reduce-scatter:
/// "rhd(x,y,z)+ring(pod)+direct(building,site)"; "rhd(x,y,z;ports=1)" keeps one lane.
/// @throws Error(usage) when the text is not understood, names a level that is not there or lists
/// one twice or not at all, or when an algorithm does not support the number of members.
[[nodiscard]] Schedule build(Collective collective,
                             const topology::Machine& group,
                             std::string_view text);

/// Algorithm texts worth trying on a group for a collective: every choice of ring, rhd and direct
/// for the torus part, the switches and the network that its extents allow, and "direct" as a
/// whole.
[[nodiscard]] std::vector<std::string> candidates(Collective collective,
                                                  const topology::Machine& group);

}  // namespace kernels
