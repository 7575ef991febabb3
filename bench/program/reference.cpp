#include "bench/program/reference.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

namespace bench {
namespace {

constexpr std::size_t longest_value = 20;  ///< few words stand for themselves: "sum|max"

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

/// What CLI11 calls numbers, as people read it.
std::string readable(const std::string& type) {
  if (type == "INT" || type == "UINT") return "N";
  return type == "FLOAT" ? "X" : type;
}

/// CLI11 puts a colon between the kind of a value, which may have one itself, and what a validator
/// of expected.hpp says of its limits.
std::size_t start_of_limits(const std::string& type) {
  for (const char* mark : {":from ", ":above ", ":{"})
    if (const std::size_t at = type.find(mark); at != std::string::npos) return at;
  return std::string::npos;
}

/// "{a, b}", as the validator one_of describes itself.
std::vector<std::string> choices_of(const std::string& limits) {
  std::vector<std::string> words;
  if (!limits.starts_with('{')) return words;
  std::istringstream text(limits.substr(1, limits.size() - 2));
  for (std::string word; std::getline(text >> std::ws, word, ',');) words.push_back(word);
  return words;
}

/// Zeros and empty texts stand for "not given".
std::string fallback_of(const CLI::Option& option) {
  std::string text = option.get_default_str();
  if (text.starts_with('[')) text = text.substr(1, text.size() - 2);
  return text == "0" ? "" : text;
}

ReferenceOption option_of(const CLI::Option& option) {
  ReferenceOption one;
  one.names = names_of(option);
  one.text = option.get_description();
  one.required = option.get_required();
  if (option.get_items_expected_max() == 0) return one;
  const std::string type = option.get_type_name();
  const std::size_t colon = start_of_limits(type);
  one.value = readable(type.substr(0, colon));
  if (colon != std::string::npos) one.limits = type.substr(colon + 1);
  one.choices = choices_of(one.limits);
  if (!one.choices.empty()) one.limits = "one of " + one.limits.substr(1, one.limits.size() - 2);
  if (const std::string few = fmt::format("{}", fmt::join(one.choices, "|"));
      !few.empty() && few.size() <= longest_value) {
    one.value = few;
    one.limits.clear();
  }
  one.fallback = fallback_of(option);
  return one;
}

std::vector<std::string> lines_of(const std::string& footer) {
  std::vector<std::string> lines;
  std::istringstream text(footer);
  for (std::string line; std::getline(text >> std::ws, line);)
    if (line != "Examples:") lines.push_back(line);
  return lines;
}

}  // namespace

std::string ReferenceOption::usage() const {
  if (positional()) return value;
  return fmt::format("{}{}{}", fmt::join(names, ", "), value.empty() ? "" : " ", value);
}

std::string ReferenceOption::full_text() const {
  std::vector<std::string> notes;
  if (!limits.empty()) notes.push_back(limits);
  if (required) notes.emplace_back("required");
  if (!fallback.empty()) notes.push_back("default: " + fallback);
  return notes.empty() ? text : fmt::format("{} [{}]", text, fmt::join(notes, "; "));
}

std::string ReferenceCommand::usage() const {
  if (name == "rainier") return "rainier COMMAND [flags]";
  std::string line = "rainier " + name;
  for (const ReferenceOption& option : options)
    if (option.positional())
      line += option.required ? " " + option.value : fmt::format(" [{}]", option.value);
  return line + " [flags]";
}

ReferenceCommand reference_of_command(const CLI::App& command) {
  // CLI11 hands a footer down to commands without one.
  const CLI::App* const above = command.get_parent();
  const bool own = above == nullptr || command.get_footer() != above->get_footer();
  ReferenceCommand one{command.get_name(),
                       command.get_description(),
                       own ? lines_of(command.get_footer()) : std::vector<std::string>(),
                       {}};
  std::vector<ReferenceOption> flags;
  for (const CLI::Option* option : command.get_options()) {
    ReferenceOption read = option_of(*option);
    if (option->get_positional()) {
      one.options.push_back(read);
      one.options.back().names.clear();
      read.required = false;  // it may be the positional instead
    }
    if (!read.names.empty()) flags.push_back(std::move(read));
  }
  std::stable_partition(flags.begin(), flags.end(), [](const ReferenceOption& flag) {
    return flag.names.back() != "--help";
  });
  one.options.insert(one.options.end(), flags.begin(), flags.end());
  return one;
}

std::vector<ReferenceCommand> reference_of(const CLI::App& app) {
  std::vector<ReferenceCommand> all{reference_of_command(app)};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    all.push_back(reference_of_command(*command));
  std::sort(all.begin() + 1, all.end(), [](const ReferenceCommand& a, const ReferenceCommand& b) {
    return a.name < b.name;
  });
  return all;
}

const std::vector<ExitCode>& exit_codes() {
  static const std::vector<ExitCode> all{
      {0, "good"},
      {1, "it ran and the answer is bad: wrong results, a threshold missed"},
      {2, "a flag, a file or a request that cannot be met"},
      {3, "the environment: MPI, disk, memory, permission"},
      {4, "a bug of ours"},
  };
  return all;
}

}  // namespace bench
