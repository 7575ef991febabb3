// What one column of a results table is, and what one cell of it holds.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace bench {

/// `samples` is the 2-D column (point, sample) of raw float64 values, padded with NaN; a table has
/// at most one.
enum class ColumnType { float64, int64, text, samples };

struct Column {
  const char* name;
  ColumnType type;
  const char* units;  ///< UDUNITS-valid; "1" for counts, shares and texts
  const char* long_name;
};

/// Missing is NaN, -1 or "".
using Cell = std::variant<double, std::int64_t, std::string>;

/// @return "float64", "int64", "text" or "samples"
constexpr const char* name(ColumnType type) {
  constexpr std::array names{"float64", "int64", "text", "samples"};
  return names.at(static_cast<std::size_t>(type));
}

}  // namespace bench
