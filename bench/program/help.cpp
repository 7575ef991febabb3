#include "bench/program/help.hpp"

#include <fmt/format.h>

#include "bench/program/reference.hpp"
#include "bench/program/text.hpp"

namespace bench {
namespace {

constexpr std::size_t help_width = 100;
constexpr std::size_t help_column = 32;  ///< where texts begin

std::string help_entry(const std::string& name, const std::string& text) {
  const bool fits = name.size() + 4 <= help_column;
  const std::size_t gap = fits ? help_column - 2 - name.size() : help_column;
  return "  " + name + (fits ? "" : "\n") + std::string(gap, ' ') +
         wrapped(text, help_width - help_column, help_column) + "\n";
}

std::string help_examples(const ReferenceCommand& command) {
  std::string text = command.examples.empty() ? "" : "\nExamples:\n";
  for (const std::string& example : command.examples) text += "  " + example + "\n";
  return text;
}

std::string help_options(const ReferenceCommand& command) {
  std::string text;
  bool before = true;
  for (const ReferenceOption& option : command.options) {
    if (before && !option.positional()) text += "\nFlags:\n";
    before = before && option.positional();
    text += help_entry(option.usage(), option.full_text());
  }
  return text;
}

std::string help_commands(const CLI::App& app) {
  std::string text;
  const auto all = reference_of(app);
  for (std::size_t i = 1; i < all.size(); ++i) text += help_entry(all[i].name, all[i].text);
  return "\nCommands (each has --help):\n" + text;
}

std::string help_exit_codes() {
  std::string text = "\nExit codes:\n";
  for (const ExitCode& one : exit_codes()) text += help_entry(std::to_string(one.code), one.text);
  return text;
}

}  // namespace

std::string Help::make_help(const CLI::App* app,
                            std::string /*name*/,
                            CLI::AppFormatMode /*mode*/) const {
  const ReferenceCommand command = reference_of_command(*app);
  std::string text = wrapped(command.text, help_width, 0) + "\n" + help_examples(command) +
                     "\nUsage: " + command.usage() + "\n";
  if (app->get_parent() == nullptr) text += help_commands(*app);
  text += help_options(command);
  if (app->get_parent() == nullptr) text += help_exit_codes();
  return text;
}

}  // namespace bench
