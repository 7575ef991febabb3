// The chips that one process keeps, in the order of its clocks: rows of chips in a row.
#pragma once

#include <cstdint>

#include "topology/machine.hpp"

namespace bench {

struct ChipBlock {
  std::int64_t first = 0;   ///< number of its first chip
  std::int64_t width = 0;   ///< chips in a row
  std::int64_t period = 1;  ///< from a row's first chip to the next row's
  std::int64_t rows = 1;

  [[nodiscard]] static ChipBlock all(const topology::Machine& machine) {
    return {0, machine.chips(), machine.chips(), 1};
  }

  [[nodiscard]] std::int64_t count() const { return width * rows; }

  /// Number of the chip at a place.
  [[nodiscard]] std::int64_t chip(std::int64_t place) const {
    return first + place / width * period + place % width;
  }

  /// Place of a chip, or -1 when it is another process's.
  [[nodiscard]] std::int64_t place(std::int64_t chip) const {
    const std::int64_t past = chip - first;
    const bool here = past >= 0 && past % period < width && past / period < rows;
    return here ? past / period * width + past % period : -1;
  }

  /// Places between two chips of the block whose numbers are `stride` apart: within a row, or a
  /// number of rows.
  [[nodiscard]] std::int64_t places(std::int64_t stride) const {
    return stride % period == 0 ? stride / period * width : stride;
  }
};

}  // namespace bench
