// What a vendor's library runs, in the words of its documentation.
#pragma once

#include <string>
#include <string_view>

#include "topology/machine.hpp"

namespace kernels {

/// Neuron's choices (AWS Neuron documentation, intranode- and internode-collective-comm) as phases
/// of this group: "neuron:mesh", "neuron:rdh", "neuron:kangaring" or "neuron:ring" on the chips of
/// a server or UltraServer, "neuron:rdh+ring" with an algorithm between them. Chips are the ranks:
/// what KangaRing saves between the logical cores of a chip is not in it.
/// @param text without "neuron:"
/// @throws Error(usage) with the nearest name, or where the group has no such levels
[[nodiscard]] std::string neuron_preset(std::string_view text, const topology::Machine& group);

}  // namespace kernels
