// What was wrong with a command line, with the name that was probably meant.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace bench {

/// @param app that has thrown `error` while parsing
[[nodiscard]] std::string parse_complaint(const CLI::App& app, const CLI::ParseError& error);

/// A flag whose value is the empty text, as of a variable of the shell that is not set: not the
/// same as no flag. @return what is wrong, or ""
[[nodiscard]] std::string empty_value(const CLI::App& app);

}  // namespace bench
