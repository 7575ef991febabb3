// The part of a machine that is reached without a NIC.
#pragma once

#include <cstddef>
#include <cstdint>

#include "topology/machine.hpp"

namespace topology {

/// Levels below the first tier of a Clos.
[[nodiscard]] inline std::size_t scale_up_levels(const Machine& machine) {
  std::size_t levels = 0;
  while (levels < machine.levels.size() && machine.levels[levels].shape != LevelShape::clos)
    ++levels;
  return levels;
}

/// Chips that reach each other through them.
[[nodiscard]] inline std::int64_t scale_up_chips(const Machine& machine) {
  const std::size_t levels = scale_up_levels(machine);
  return levels < machine.levels.size() ? machine.stride(levels) : machine.chips();
}

}  // namespace topology
