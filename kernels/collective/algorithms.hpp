// Collectives over the levels of a machine, put together from the algorithms of the table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/collective/schedule.hpp"
#include "topology/machine.hpp"

namespace kernels {

/// Builds a collective over all levels of a machine.
///
/// `text` is a name for the whole group: "ring" (one ring per level, lowest first), "rhd"
/// (recursive halving and doubling; a torus is one hypercube with a port per bit), "direct" (one
/// exchange with everybody), …; or phases in the order of the reduce-scatter:
/// "rhd(x,y,z)+ring(pod)+direct(building,site)"; "rhd(x,y,z;ports=1)" keeps one lane. An algorithm
/// that reduces everywhere ("doubling", "oneshot") may be the last phase of an all-reduce. "*16" at
/// the end sends 16 slices through, one behind the other.
/// @throws Error(usage) when the text is not understood, names a level that is not there or lists
/// one twice or not at all, or when an algorithm does not support the number of members or the
/// collective.
[[nodiscard]] Schedule build(Collective collective,
                             const topology::Machine& group,
                             std::string_view text);

/// Algorithm texts worth trying on a group for a collective: for the torus part, the switches and
/// the network every algorithm of the table that their extents allow and that none other dominates.
[[nodiscard]] std::vector<std::string> candidates(Collective collective,
                                                  const topology::Machine& group);

}  // namespace kernels
