// What a new generation of chips changes, in groups of figures: so that a machine can be changed
// into another one step by step, and asked what one resource costs.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "topology/machine.hpp"

namespace bench {

struct FigureGroup {
  const char* name;
  const char* what;                                                    ///< that it holds
  void (*take)(topology::Machine& to, const topology::Machine& from);  ///< whole machines
  void (*free)(topology::Machine& machine);  ///< it costs no time (no space) any more
};

/// Compute, memory bandwidth, memory capacity, chip latencies, scale-up links, network, link
/// latencies: taken from another machine one after another, in this order, they leave that machine.
/// Levels of another shape come with the latencies of those that were there before, until the last
/// group takes the latencies, too.
[[nodiscard]] std::span<const FigureGroup> figure_groups();

struct NamedFigure {
  std::string group;
  std::string key;
  std::string value;
  topology::Status status;
  std::string source;
};

/// All figures of a machine that a step may depend on, with their origins.
[[nodiscard]] std::vector<NamedFigure> figures(const topology::Machine& machine);

/// The weakest origin of a group's figures.
[[nodiscard]] topology::Status origin(const std::vector<NamedFigure>& figures,
                                      const std::string& group);

}  // namespace bench
