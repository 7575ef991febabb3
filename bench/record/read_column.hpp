// The first values of a dataset, in memory.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "bench/record/handle.hpp"

namespace bench {

using Values =
    std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::string>>;

/// One or two numbers; a scalar has none.
[[nodiscard]] std::vector<hsize_t> extent(hid_t dataset);

/// The first `rows` of a 1-D dataset, by its class: floats, integers or texts.
[[nodiscard]] Values read_values(hid_t dataset, hsize_t rows);

/// The first `rows` of a 2-D dataset of floats, row by row.
[[nodiscard]] std::vector<double> read_matrix(hid_t dataset, hsize_t rows);

/// A scalar text.
[[nodiscard]] std::string read_text(hid_t dataset);

}  // namespace bench
