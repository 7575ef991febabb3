// rainier check: whether results files are what their schema says.
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/results_check.hpp"
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

void add_results(CLI::App& app, Action& chosen) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* check = app.add_subcommand("check", "Whether results files are what their schema says");
  check->add_option("files", *files, "results files")->required();
  check->callback([files, &chosen] {
    chosen = [files] {
      if (speaks_before_init()) check_all(*files);
    };
  });
}

}  // namespace bench
