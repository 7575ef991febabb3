// What can be typed where a flag takes a value: its kind, and the names there are of that kind.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

namespace bench {

/// Gives the values of all flags of all commands their kind, which help, man pages and completion
/// show: SIZE, TIME, SYSTEM, … One flag means the same everywhere.
void name_values(CLI::App& app);

/// @param kind SYSTEM, MODEL, COLLECTIVE, DTYPE, … @return nothing for numbers, texts and files
[[nodiscard]] std::vector<std::string> words_of(std::string_view kind);

/// Is it a path?
[[nodiscard]] bool is_file(std::string_view kind);

}  // namespace bench
