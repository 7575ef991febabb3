#include "bench/program/manual.hpp"

#include <fmt/format.h>

namespace bench {
namespace {

/// Of text that roff is to print as it is.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return !out.empty() && (out.front() == '.' || out.front() == '\'') ? "\\&" + out : out;
}

std::string page_name(const ReferenceCommand& command) {
  return command.name == "rainier" ? "rainier" : "rainier-" + command.name;
}

std::string roff_options(const ReferenceCommand& command) {
  std::string text;
  for (const ReferenceOption& option : command.options)
    text += fmt::format(".TP\n.B {}\n{}\n", roff(option.usage()), roff(option.full_text()));
  return text;
}

std::string roff_examples(const ReferenceCommand& command) {
  if (command.examples.empty()) return {};
  std::string text = ".SH EXAMPLES\n.nf\n";
  for (const std::string& example : command.examples) text += roff(example) + "\n";
  return text + ".fi\n";
}

std::string roff_exit_codes() {
  std::string text = ".SH EXIT STATUS\n";
  for (const ExitCode& one : exit_codes())
    text += fmt::format(".TP\n.B {}\n{}\n", one.code, roff(one.text));
  return text;
}

std::string roff_commands(const std::vector<ReferenceCommand>& all) {
  std::string text = ".SH COMMANDS\n";
  for (std::size_t i = 1; i < all.size(); ++i)
    text += fmt::format(".TP\n.BR {} (1)\n{}\n", roff(page_name(all[i])), roff(all[i].text));
  return text;
}

std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string markdown_of(const ReferenceCommand& command) {
  std::string text = fmt::format("\n## {}\n\n{}\n\n```\n", command.usage(), command.text);
  for (const std::string& example : command.examples) text += example + "\n";
  text += "```\n\n| flag | what | default |\n| --- | --- | --- |\n";
  for (ReferenceOption option : command.options) {
    std::string fallback;
    fallback.swap(option.fallback);
    text += fmt::format("| `{}` | {} | {} |\n",
                        cell(option.usage()),
                        cell(option.full_text()),
                        fallback.empty() ? "" : "`" + fallback + "`");
  }
  return text;
}

}  // namespace

std::string manual_page(const ReferenceCommand& command, const std::vector<ReferenceCommand>& all) {
  const bool whole_program = &command == all.data();
  std::string text = fmt::format(
      ".TH {} 1 \"\" \"rainier {}\" \"User Commands\"\n.SH NAME\n{} \\- {}\n.SH SYNOPSIS\n.B {}\n",
      roff(page_name(command)),
      RAINIER_VERSION,
      roff(page_name(command)),
      roff(command.text),
      roff(command.usage()));
  text += roff_examples(command);
  if (whole_program) text += roff_commands(all);
  text += ".SH OPTIONS\n" + roff_options(command) + roff_exit_codes();
  if (!whole_program) text += ".SH SEE ALSO\n.BR rainier (1)\n";
  return text;
}

std::string reference_page(const std::vector<ReferenceCommand>& all) {
  std::string text =
      "# Commands and flags\n\n"
      "Made by `rainier reference --markdown` from what the program itself reads; `rainier "
      "reference --man FOLDER`\n"
      "writes the same as man pages, `source <(rainier reference --bash)` completes it in bash "
      "(`--zsh`, `--fish`).\n"
      "Sizes are as in nccl-tests: K, M, G = 1024^n. `rainier explain TERM` says what a column or "
      "a word means.\n\n"
      "| exit code | |\n| --- | --- |\n";
  for (const ExitCode& one : exit_codes()) text += fmt::format("| {} | {} |\n", one.code, one.text);
  for (std::size_t i = 1; i < all.size(); ++i) text += markdown_of(all[i]);
  return text;
}

}  // namespace bench
