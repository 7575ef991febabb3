// rainier check, whether results files are what their schema says; rainier collect, many as one.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/results_check.hpp"
#include "bench/record/collection.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

/// All of them, also after one that is wrong.
void check_all(const std::vector<std::string>& files) {
  std::size_t wrong = 0;
  for (const std::string& file : files) {
    try {
      check_results(file);
    } catch (const topology::Error& error) {
      if (files.size() == 1) throw;
      fmt::print("{}\n", error.what());
      ++wrong;
    }
  }
  if (wrong > 0)
    throw topology::Error(topology::ErrorKind::verdict,
                          fmt::format("{} of {} files are wrong", wrong, files.size()));
}

}  // namespace

namespace {

void add_collect(CLI::App& app, Action& chosen) {
  struct Options {
    std::vector<std::string> files;
    std::string output;
    bool force = false;
  };

  auto options = std::make_shared<Options>();
  CLI::App* collect =
      app.add_subcommand("collect", "Many results files as one that links to them: runs/NAME/…");
  collect->add_option("files", options->files, "results files")->required();
  collect->add_option("-O,--output", options->output, "file with the links")->required();
  collect->add_flag("--force", options->force, "overwrite an earlier one");
  collect->footer("rainier collect monday.h5 tuesday.h5 -O week.h5");
  collect->callback([options, &chosen] {
    chosen = [options] {
      if (!speaks_before_init()) return;
      write_collection(
          options->output, {options->files.begin(), options->files.end()}, options->force);
      fmt::print("{}: {} runs\n", options->output, options->files.size());
    };
  });
}

}  // namespace

void add_results(CLI::App& app, Action& chosen) {
  add_collect(app, chosen);
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* check = app.add_subcommand("check", "Whether results files are what their schema says");
  check->add_option("files", *files, "results files")->required();
  check->footer("rainier check results/rainier.h5");
  check->callback([files, &chosen] {
    chosen = [files] {
      if (speaks_before_init()) check_all(*files);
    };
  });
}

}  // namespace bench
