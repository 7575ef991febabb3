#include "bench/program/parse_complaint.hpp"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "bench/program/reference.hpp"
#include "topology/names.hpp"

namespace bench {
namespace {

const CLI::App& innermost(const CLI::App& app) {
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? app : innermost(*parsed.front());
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    for (const std::string& name : option->get_snames()) flags.push_back("-" + name);
  }
  return flags;
}

/// The nearest, or the only one that begins so: --warmup for --warmup_iters.
std::string meant(const std::string& typed, const std::vector<std::string>& known) {
  std::vector<std::string> longer;
  std::copy_if(known.begin(), known.end(), std::back_inserter(longer), [&](const auto& name) {
    return typed.size() > 3 && name.starts_with(typed);
  });
  return longer.size() == 1 ? longer.front() : topology::nearest(typed, known);
}

std::string unknown_flag(const CLI::App& command, const std::string& word) {
  const std::string flag = word.substr(0, word.find('='));
  std::string text = fmt::format(
      "{} has no flag {}",
      command.get_parent() == nullptr ? "rainier" : fmt::format("rainier {}", command.get_name()),
      flag);
  if (const std::string near = meant(flag, flags_of(command)); !near.empty())
    text += fmt::format("; did you mean {}?", near);
  return text;
}

/// Words that nobody takes, in the order they were typed (CLI11 tells them in reverse).
std::string unexpected(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App& command = innermost(app);
  if (command.get_parent() == nullptr && words.front().front() != '-')
    return topology::unknown_name("command", words.front(), command_names(app));
  std::vector<std::string> flags;
  for (const std::string& word : words)
    if (word.size() > 1 && word.front() == '-' && word != "--")
      flags.push_back(unknown_flag(command, word));
  if (!flags.empty()) return fmt::format("{}", fmt::join(flags, "; "));
  return fmt::format("rainier {} does not take '{}'", command.get_name(), fmt::join(words, " "));
}

std::string what_is_wrong(const CLI::App& app, const CLI::ParseError& error) {
  std::vector<std::string> words = app.remaining(true);
  std::erase(words, "");
  if (!words.empty()) return unexpected(app, words);
  if (app.get_subcommands().empty())
    return fmt::format("expected a command: {}", fmt::join(command_names(app), ", "));
  if (error.get_name() == "RequiredError")
    return fmt::format("{}: {}", error.what(), reference_of_command(innermost(app)).usage());
  return error.what();
}

std::string with_advice(const CLI::App& app, const std::string& complaint) {
  const CLI::App& command = innermost(app);
  const std::string where = command.get_parent() == nullptr ? "" : command.get_name() + " ";
  return fmt::format("{}\nTry rainier {}--help.", complaint, where);
}

}  // namespace

std::string parse_complaint(const CLI::App& app, const CLI::ParseError& error) {
  return with_advice(app, what_is_wrong(app, error));
}

std::string empty_value(const CLI::App& app) {
  for (const CLI::Option* option : innermost(app).get_options()) {
    const std::vector<std::string>& values = option->results();
    if (option->nonpositional() && std::find(values.begin(), values.end(), "") != values.end())
      return with_advice(
          app, fmt::format("{}: expected {}, not ''", option->get_name(), option->get_type_name()));
  }
  return "";
}

}  // namespace bench
