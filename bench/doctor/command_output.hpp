// Other programs, as a shell finds and runs them.
#pragma once

#include <optional>
#include <string>

namespace bench {

/// The first one on PATH. @return its path, or nothing
[[nodiscard]] std::string on_path(const std::string& program);

/// What it prints, or nothing where it fails. @param arguments for a shell
[[nodiscard]] std::optional<std::string> output_of(const std::string& program,
                                                   const std::string& arguments);

/// First line of a file without blanks at the end; empty where there is none.
[[nodiscard]] std::string first_line(const std::string& path);

}  // namespace bench
