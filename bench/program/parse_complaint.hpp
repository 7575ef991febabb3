// What was wrong with a command line, with the name that was probably meant.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace bench {

/// @param app that has thrown `error` while parsing
[[nodiscard]] std::string parse_complaint(const CLI::App& app, const CLI::ParseError& error);

}  // namespace bench
