// rainier explain: what a word or a column heading means here.
#include <memory>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
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

void explain_term(const ExplainOptions& options) {
  const std::vector<Term> terms = load_terms();
  if (options.term.empty()) return list_terms(terms);
  bool first = true;
  for (const Term& term : find_terms(terms, fmt::format("{}", fmt::join(options.term, " ")))) {
    if (!first) fmt::print("\n");
    first = false;
    print_term(term);
  }
}

}  // namespace

void add_explain(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command =
      app.add_subcommand("explain", "What a term, a column heading or a flag means here");
  command->add_option("term", options->term, "busbw, MFU, zb-h1, …; without it: all terms");
  command->footer(
      "rainier explain\n"
      "rainier explain busbw\n"
      "rainier explain \"recursive halving\"");
  command->callback([options, &chosen] {
    chosen = [options] {
      if (speaks_before_init()) explain_term(*options);
    };
  });
}

}  // namespace bench
