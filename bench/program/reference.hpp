// The commands and their flags as plain values, read off the parser: help, man pages, completion
// and docs/reference.md are made of these.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace bench {

struct ReferenceOption {
  std::vector<std::string> names;    ///< "-b", "--minbytes"; none: a positional
  std::string value;                 ///< what it takes, SIZE; empty: a switch
  std::string limits;                ///< of the value, "from 1 to 1000000"
  std::vector<std::string> choices;  ///< all that can be typed, where that is a short list
  std::string text;
  std::string fallback;  ///< the default; empty: none, or told in the text
  bool required = false;

  [[nodiscard]] bool positional() const { return names.empty(); }

  /// "-b, --minbytes SIZE"
  [[nodiscard]] std::string usage() const;
  /// The text with limits and default.
  [[nodiscard]] std::string full_text() const;
};

struct ReferenceCommand {
  std::string name;  ///< "collective"; of the program itself "rainier"
  std::string text;
  std::vector<std::string> examples;  ///< whole command lines
  std::vector<ReferenceOption> options;

  /// "rainier collective COLLECTIVE [flags]"
  [[nodiscard]] std::string usage() const;
};

/// The program first, then its commands in the order of their names.
[[nodiscard]] std::vector<ReferenceCommand> reference_of(const CLI::App& app);

/// One of them.
[[nodiscard]] ReferenceCommand reference_of_command(const CLI::App& command);

struct ExitCode {
  int code;
  const char* text;
};

[[nodiscard]] const std::vector<ExitCode>& exit_codes();

}  // namespace bench
