// A hierarchy as text: which algorithm works on which levels, in the order of the reduce-scatter.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/collective/algorithm.hpp"
#include "topology/machine.hpp"

namespace kernels {

/// An algorithm over some digits, lower phases done before.
struct Phase {
  const Algorithm* algorithm = nullptr;
  std::vector<std::size_t> digits;
  PhaseOptions options;
};

/// Phases that cover every level of the group once. @throws Error(usage), see `build`
[[nodiscard]] std::vector<Phase> parse_phases(std::string_view text,
                                              const topology::Machine& group);

/// Runs of neighbouring levels of one kind: the torus, the switches, the network.
[[nodiscard]] std::vector<std::vector<std::size_t>> parts_of(const topology::Machine& group);

/// The text of one phase, as parse_phases reads it: "ring(x)+ring(y)", "butterfly(x;radix=4)",
/// "rhd(pod,site;ports=1)". On a switch all lanes would use the same port, so one is enough.
[[nodiscard]] std::string phase_text(const Algorithm& algorithm,
                                     const std::vector<std::size_t>& digits,
                                     const topology::Machine& group,
                                     const PhaseOptions& options = {});

/// Can the algorithm run over these levels?
[[nodiscard]] bool supports(const Algorithm& algorithm,
                            const std::vector<std::size_t>& digits,
                            const topology::Machine& group);

}  // namespace kernels
