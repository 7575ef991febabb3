// rainier reference: man pages, completion and docs/reference.md, made of the parser itself.
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/completion.hpp"
#include "bench/program/manual.hpp"
#include "bench/program/reference.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

struct ReferenceOptions {
  std::string man;
  bool bash = false;
  bool zsh = false;
  bool fish = false;
  bool markdown = false;
};

void write_manual(const std::filesystem::path& folder, const std::vector<ReferenceCommand>& all) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  for (const ReferenceCommand& command : all) {
    const bool whole = &command == all.data();
    const auto path = folder / (whole ? "rainier.1" : "rainier-" + command.name + ".1");
    std::ofstream file(path);
    file << manual_page(command, all);
    file.flush();
    if (!file)
      throw topology::Error(topology::ErrorKind::environment, "cannot write " + path.string());
  }
  fmt::print("{} pages: man {}/rainier.1\n", all.size(), folder.string());
}

void print_reference(const CLI::App& app, const ReferenceOptions& options) {
  const int asked = static_cast<int>(!options.man.empty()) + static_cast<int>(options.bash) +
                    static_cast<int>(options.zsh) + static_cast<int>(options.fish) +
                    static_cast<int>(options.markdown);
  if (asked != 1)
    topology::usage_error(
        fmt::format("expected {}one of --man FOLDER, --bash, --zsh, --fish, --markdown: see "
                    "rainier reference --help",
                    asked > 1 ? "only " : ""));
  const auto all = reference_of(app);
  if (!options.man.empty()) return write_manual(options.man, all);
  if (options.bash) return fmt::print("{}", bash_completion(all));
  if (options.zsh) return fmt::print("{}", zsh_completion(all));
  if (options.fish) return fmt::print("{}", fish_completion(all));
  fmt::print("{}", reference_page(all));
}

}  // namespace

void add_reference(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ReferenceOptions>();
  CLI::App* command = app.add_subcommand(
      "reference", "Man pages, completion for shells, and the page of all commands and flags");
  command->add_option("--man", options->man, "write the man pages into this folder");
  command->add_flag("--bash", options->bash, "completion for bash");
  command->add_flag("--zsh", options->zsh, "completion for zsh");
  command->add_flag("--fish", options->fish, "completion for fish");
  command->add_flag("--markdown", options->markdown, "docs/reference.md");
  command->footer(
      "source <(rainier reference --bash)\n"
      "rainier reference --man /usr/local/share/man/man1\n"
      "rainier reference --markdown > docs/reference.md");
  command->callback([options, &app, &chosen] {
    chosen = [options, &app] {
      if (speaks_before_init()) print_reference(app, *options);
    };
  });
}

}  // namespace bench
