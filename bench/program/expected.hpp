// What a flag takes. Complaints say what was expected: "--iters: expected a whole number from 1 to
// 1000000, not 0".
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace bench {

/// A whole number of at least `least` and, where that is given, of at most `most`.
[[nodiscard]] CLI::Validator whole(std::int64_t least, std::int64_t most = INT64_MAX);

/// A number above 0.
[[nodiscard]] CLI::Validator above_zero();

/// A number from `low` on, and, where that is given, up to `high`.
[[nodiscard]] CLI::Validator number_from(double low);
[[nodiscard]] CLI::Validator number_from(double low, double high);

/// One of these words; another one is told the nearest.
[[nodiscard]] CLI::Validator one_of(std::vector<std::string> words);

}  // namespace bench
