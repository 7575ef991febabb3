#include "bench/program/completion.hpp"

#include <fmt/format.h>

#include "bench/program/words.hpp"

namespace bench {
namespace {

std::vector<std::string> values_of(const ReferenceOption& option) {
  return option.choices.empty() ? words_of(option.value) : option.choices;
}

/// In single quotes, for any shell.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string names_of_commands(const std::vector<ReferenceCommand>& all) {
  std::string names;
  for (std::size_t i = 1; i < all.size(); ++i) names += (i > 1 ? " " : "") + all[i].name;
  return names;
}

/// "collective -d | collective --datatype) words=…; files=yes ;;" for each flag that takes a value.
std::string bash_values(const ReferenceCommand& command, const ReferenceOption& option) {
  if (option.value.empty() || option.positional()) return {};
  std::vector<std::string> patterns;
  for (const std::string& name : option.names)
    patterns.push_back(fmt::format("'{} {}'", command.name, name));
  return fmt::format("    {}) words={} files={} ;;\n",
                     fmt::join(patterns, " | "),
                     in_quotes(fmt::format("{}", fmt::join(values_of(option), " "))),
                     is_file(option.value) ? "yes" : "no");
}

/// What may stand where no flag asks for a value.
std::string bash_words(const ReferenceCommand& command) {
  std::string flags;
  std::string words;
  bool files = false;
  for (const ReferenceOption& option : command.options) {
    for (const std::string& name : option.names) flags += name + " ";
    if (!option.positional()) continue;
    words += fmt::format("{} ", fmt::join(values_of(option), " "));
    files = files || is_file(option.value);
  }
  return fmt::format("    {}) flags={} words={} files={} ;;\n",
                     in_quotes(command.name),
                     in_quotes(flags),
                     in_quotes(words),
                     files ? "yes" : "no");
}

std::string zsh_spec(const ReferenceOption& option) {
  std::string text;
  for (const char c : option.text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') text += '\\';
    text += c;
  }
  std::string value;
  if (!option.value.empty()) {
    const auto words = values_of(option);
    const std::string from = !words.empty()          ? fmt::format("({})", fmt::join(words, " "))
                             : is_file(option.value) ? std::string("_files")
                                                     : std::string(" ");
    value = fmt::format(":{}:{}", option.value, from);
  }
  if (option.positional())
    return "    " + in_quotes((option.required ? "" : ":") + value) + " \\\n";
  std::string specs;
  for (const std::string& name : option.names)
    specs += fmt::format("    {} \\\n", in_quotes(fmt::format("*{}[{}]{}", name, text, value)));
  return specs;
}

std::string fish_option(const ReferenceCommand& command, const ReferenceOption& option) {
  std::string line =
      fmt::format("complete -c rainier -n '__fish_seen_subcommand_from {}'", command.name);
  for (const std::string& name : option.names) {
    const bool is_long = name.starts_with("--");
    line += fmt::format(" -{} {}", is_long ? "l" : "s", name.substr(is_long ? 2 : 1));
  }
  const auto words = values_of(option);
  if (option.value.empty() || !is_file(option.value)) line += " -f";
  if (!option.value.empty() && !option.positional()) line += " -r";
  if (!words.empty()) line += " -a " + in_quotes(fmt::format("{}", fmt::join(words, " ")));
  return line + " -d " + in_quotes(option.text) + "\n";
}

}  // namespace

std::string bash_completion(const std::vector<ReferenceCommand>& all) {
  std::string values;
  std::string words;
  for (std::size_t i = 1; i < all.size(); ++i) {
    words += bash_words(all[i]);
    for (const ReferenceOption& option : all[i].options) values += bash_values(all[i], option);
  }
  return fmt::format(R"(# bash completion of rainier {}: source <(rainier reference --bash)
_rainier() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}
  local flags= words= files=no
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '{} --help --version' -- "$current"))
    return
  fi
  if [[ $current == = ]]; then current=; fi
  if [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}}; fi
  case "$command $before" in
{}    *) case "$command" in
{}    esac ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$current"))
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ $files == yes ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t -O "${{#COMPREPLY[@]}}" COMPREPLY < <(compgen -f -- "$current")
  fi
}}
complete -F _rainier rainier
)",
                     RAINIER_VERSION,
                     names_of_commands(all),
                     values,
                     words);
}

std::string zsh_completion(const std::vector<ReferenceCommand>& all) {
  std::string names;
  std::string cases;
  for (std::size_t i = 1; i < all.size(); ++i) {
    names += fmt::format("    {}\n", in_quotes(all[i].name + ":" + all[i].text));
    std::string specs;
    for (const ReferenceOption& option : all[i].options) specs += zsh_spec(option);
    cases += fmt::format("  {}) _arguments \\\n{}    && return ;;\n", all[i].name, specs);
  }
  return fmt::format(R"(#compdef rainier
# zsh completion of rainier {}: source <(rainier reference --zsh) after compinit
_rainier() {{
  local -a commands=(
{}  )
  if ((CURRENT == 2)); then
    _describe 'command' commands
    return
  fi
  local command=$words[2]
  words=("${{(@)words[2,-1]}}")
  ((CURRENT--))
  case $command in
{}  esac
}}
compdef _rainier rainier
)",
                     RAINIER_VERSION,
                     names,
                     cases);
}

std::string fish_completion(const std::vector<ReferenceCommand>& all) {
  std::string text = fmt::format(
      "# fish completion of rainier {}: rainier reference --fish | source\n", RAINIER_VERSION);
  for (std::size_t i = 1; i < all.size(); ++i)
    text += fmt::format("complete -c rainier -n __fish_use_subcommand -f -a {} -d {}\n",
                        all[i].name,
                        in_quotes(all[i].text));
  for (std::size_t i = 1; i < all.size(); ++i)
    for (const ReferenceOption& option : all[i].options) text += fish_option(all[i], option);
  return text;
}

}  // namespace bench
