// rainier explain: what a word or a column heading means here.
#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/reference.hpp"
#include "bench/program/terms.hpp"
#include "bench/program/text.hpp"

namespace bench {
namespace {

constexpr std::size_t term_width = 96;

struct ExplainOptions {
  std::vector<std::string> term;  ///< words of one
};

void print_term(const Term& term) {
  fmt::print("{}\n  {}\n", term.name, wrapped(term.text, term_width, 2));
  if (!term.also.empty())
    fmt::print("  also: {}\n",
               wrapped(fmt::format("{}", fmt::join(term.also, ", ")), term_width - 6, 8));
  fmt::print("  more: {}\n", term.read);
}

void list_terms(const std::vector<Term>& terms) {
  std::string group;
  std::string names;
  const auto flush = [&] {
    if (!names.empty()) fmt::print("{}\n  {}\n", group, wrapped(names, term_width, 2));
  };
  for (const Term& term : terms) {
    if (term.group != group) {
      flush();
      group = term.group;
      names.clear();
    }
    names += (names.empty() ? "" : ", ") + term.name;
  }
  flush();
  fmt::print("\nrainier explain busbw says what one of them, a column heading or a flag means.\n");
}

/// A flag as commands have it that say the same of it.
struct Flag {
  std::string usage;  ///< "-b, --minbytes SIZE"
  std::string text;
  std::vector<std::string> commands;
};

/// Flags of that name, with their dashes or without.
std::vector<Flag> find_flags(const std::vector<ReferenceCommand>& commands,
                             const std::string& typed) {
  const std::string name = typed.substr(0, typed.find('='));
  std::vector<Flag> found;
  for (const ReferenceCommand& command : commands)
    for (const ReferenceOption& option : command.options) {
      const auto is = [&](const std::string& one) { return one == name || one == "--" + name; };
      if (std::none_of(option.names.begin(), option.names.end(), is)) continue;
      const auto same = std::find_if(found.begin(), found.end(), [&](const Flag& flag) {
        return flag.usage == option.usage() && flag.text == option.full_text();
      });
      Flag& flag = same != found.end()
                       ? *same
                       : found.emplace_back(Flag{option.usage(), option.full_text(), {}});
      flag.commands.push_back(command.name);
    }
  return found;
}

void print_flag(const Flag& flag) {
  fmt::print("{}\n  {}\n", flag.usage, wrapped(flag.text, term_width, 2));
  fmt::print("  of: {}\n",
             wrapped(fmt::format("rainier {}", fmt::join(flag.commands, ", ")), term_width - 4, 6));
}

std::vector<std::string> flag_names(const std::vector<ReferenceCommand>& commands) {
  std::vector<std::string> names;
  for (const ReferenceCommand& command : commands)
    for (const ReferenceOption& option : command.options)
      names.insert(names.end(), option.names.begin(), option.names.end());
  return names;
}

void explain_term(const std::string& typed, const CLI::App& app) {
  const std::vector<Term> terms = load_terms();
  if (typed.empty()) return list_terms(terms);
  const std::vector<ReferenceCommand> commands = reference_of(app);
  const std::vector<Term> found = find_terms(terms, typed);
  std::vector<Flag> flags;  // of a word without dashes only where it is no term
  if (found.empty() || typed.starts_with('-')) flags = find_flags(commands, typed);
  if (found.empty() && flags.empty()) refuse_term(terms, typed, flag_names(commands));
  const char* between = "";
  for (const Term& term : found) {
    fmt::print("{}", std::exchange(between, "\n"));
    print_term(term);
  }
  for (const Flag& flag : flags) {
    fmt::print("{}", std::exchange(between, "\n"));
    print_flag(flag);
  }
}

}  // namespace

void add_explain(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command =
      app.add_subcommand("explain", "What a term, a column heading or a flag means here");
  command->add_option("term", options->term, "busbw, MFU, zb-h1, …; without it: all terms");
  command->allow_extras();  // flags: rainier explain --links
  command->footer(
      "rainier explain\n"
      "rainier explain busbw\n"
      "rainier explain --min-busbw\n"
      "rainier explain \"recursive halving\"");
  command->callback([options, command, &app, &chosen] {
    chosen = [options, command, &app] {
      std::vector<std::string> words = command->remaining();  // a flag, and its value behind it
      words.insert(words.end(), options->term.begin(), options->term.end());
      if (speaks_before_init()) explain_term(fmt::format("{}", fmt::join(words, " ")), app);
    };
  });
}

}  // namespace bench
