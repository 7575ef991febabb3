// rainier validate: the model beside what others have measured and published.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/validation/comparison.hpp"
#include "bench/validation/report.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

/// One kind of published table.
struct Kind {
  const char* name;    ///< of the kind, and of its shipped table
  const char* column;  ///< that no other kind has
  Validate validate;   ///< null: not modelled yet
};

constexpr std::array kinds = {
    Kind{"collectives", "busbw_GBs", validate_collectives},
    Kind{"matmul", "K", validate_matmul},
    Kind{"training", "gbs", validate_training},
};

struct Options {
  std::string kind;  ///< empty: by the columns of the file, or all there are
  std::string file;  ///< empty: the shipped table
  std::string set;
  std::string quality;
  bool rows = false;
  bool json = false;
};

const Kind* named(const std::string& name) {
  const auto* const kind =
      std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.name == name; });
  return kind == kinds.end() ? nullptr : kind;
}

std::string shipped_table(const Kind& kind) {
  const char* const elsewhere = std::getenv("RAINIER_PUBLISHED");
  return fmt::format(
      "{}/{}.csv", elsewhere == nullptr ? RAINIER_PUBLISHED_DIR : elsewhere, kind.name);
}

const Kind& kind_of(const std::vector<PublishedRow>& rows, const std::string& file) {
  for (const Kind& kind : kinds)
    if (!rows.empty() && rows.front().has(kind.column)) return kind;
  topology::usage_error(file + ": expected rows of collectives, matmul or training; name the kind");
}

std::vector<Comparison> chosen_of(std::vector<Comparison> comparisons, const Options& options) {
  const auto unwanted = [&](const Comparison& c) {
    return (!options.set.empty() && c.set != options.set) ||
           (!options.quality.empty() && c.quality != options.quality);
  };
  comparisons.erase(std::remove_if(comparisons.begin(), comparisons.end(), unwanted),
                    comparisons.end());
  if (comparisons.empty()) topology::usage_error("no row has this --set and --quality");
  return comparisons;
}

std::vector<Comparison> compared(const Kind& kind,
                                 const std::vector<PublishedRow>& rows,
                                 const Options& options) {
  if (kind.validate == nullptr)
    topology::usage_error(fmt::format("{}: these rows are not predicted yet", kind.name));
  return chosen_of(kind.validate(rows), options);
}

std::vector<Comparison> compared(const Options& options) {
  const Kind* const kind = named(options.kind);
  if (!options.kind.empty() && (kind != nullptr || !options.file.empty())) {
    if (kind == nullptr)
      topology::usage_error(
          fmt::format("unknown kind '{}'; expected collectives, matmul or training", options.kind));
    return compared(
        *kind, read_published(options.file.empty() ? shipped_table(*kind) : options.file), options);
  }
  if (!options.kind.empty()) {  // the only word is a file
    const std::vector<PublishedRow> rows = read_published(options.kind);
    return compared(kind_of(rows, options.kind), rows, options);
  }
  std::vector<Comparison> all;
  for (const Kind& each : kinds) {
    if (each.validate == nullptr) continue;
    const std::vector<Comparison> some = each.validate(read_published(shipped_table(each)));
    all.insert(all.end(), some.begin(), some.end());
  }
  return chosen_of(std::move(all), options);
}

void run(const Options& options) {
  const std::vector<Comparison> comparisons = compared(options);
  if (options.json) {
    fmt::print("{}\n", json(comparisons));
    return;
  }
  if (options.rows) {
    print_rows(comparisons);
    fmt::print("\n");
  }
  print_report(comparisons);
}

}  // namespace

void add_validate(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "validate", "Compare the model with published measurements of real clusters and chips");
  command->add_option("kind", options->kind, "collectives, matmul or training; or a file");
  command->add_option("file", options->file, "comma-separated values; default: those shipped");
  command->add_option("--set", options->set, "only this publication or table");
  command->add_option("--quality", options->quality, "only A, B or C");
  command->add_flag("--rows", options->rows, "every row, predicted against measured");
  command->add_flag("--json", options->json, "an array of all rows");
  command->callback([options, &chosen] {
    chosen = [options] {
      if (speaks_before_init()) run(*options);
    };
  });
}

}  // namespace bench
