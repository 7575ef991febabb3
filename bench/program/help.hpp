// What --help prints: examples first, then what can be typed.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace bench {

class Help : public CLI::FormatterBase {
 public:
  [[nodiscard]] std::string make_help(const CLI::App* app,
                                      std::string name,
                                      CLI::AppFormatMode mode) const override;
};

}  // namespace bench
