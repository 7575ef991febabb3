// rainier validate: the model beside what others have measured and published.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/validation/comparison.hpp"
#include "bench/validation/ranking.hpp"
#include "bench/validation/report.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

/// One kind of published table.
struct Kind {
  const char* name;    ///< of the kind, and of its shipped table
  const char* column;  ///< that no other kind has
  Validate validate;
};

constexpr std::array kinds = {
    Kind{"collectives", "busbw_GBs", validate_collectives},
    Kind{"matmul", "K", validate_matmul},
    Kind{"training", "gbs", validate_training},
};

struct ValidateOptions {
  std::string kind;  ///< empty: by the columns of the file, or all there are
  std::string file;  ///< empty: the shipped table
  std::string set;
  std::string quality;
  bool rows = false;
  bool json = false;
  bool ranking = false;
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

std::vector<Comparison> chosen_of(std::vector<Comparison> comparisons,
                                  const ValidateOptions& options) {
  const auto unwanted = [&](const Comparison& c) {
    return (!options.set.empty() && c.set != options.set) ||
           (!options.quality.empty() && c.quality != options.quality);
  };
  comparisons.erase(std::remove_if(comparisons.begin(), comparisons.end(), unwanted),
                    comparisons.end());
  if (comparisons.empty()) topology::usage_error("no row has this --set and --quality");
  return comparisons;
}

std::vector<Comparison> of_all_kinds() {
  std::vector<Comparison> all;
  for (const Kind& kind : kinds) {
    const std::vector<Comparison> some = kind.validate(read_published(shipped_table(kind)));
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

std::vector<Comparison> compared(const ValidateOptions& options) {
  if (options.kind.empty()) return of_all_kinds();
  const Kind* const kind = named(options.kind);
  if (kind != nullptr)
    return kind->validate(
        read_published(options.file.empty() ? shipped_table(*kind) : options.file));
  if (!options.file.empty())
    topology::usage_error(
        fmt::format("unknown kind '{}'; expected collectives, matmul or training", options.kind));
  const std::string& file = options.kind;  // the only word
  const std::vector<PublishedRow> rows = read_published(file);
  return kind_of(rows, file).validate(rows);
}

void run(const ValidateOptions& options) {
  const std::vector<Comparison> comparisons = chosen_of(compared(options), options);
  if (options.json) {
    fmt::print("{}\n", options.ranking ? json(rank(comparisons)) : json(comparisons));
    return;
  }
  if (options.ranking) {
    const Ranking ranking = rank(comparisons);
    if (ranking.pairs == 0)
      topology::usage_error(
          "no two of these rows are training steps that differ in their plan alone: nothing to "
          "rank");
    print_ranking(ranking);
    return;
  }
  if (options.rows) {
    print_rows(comparisons);
    fmt::print("\n");
  }
  print_report(comparisons);
  print_ranking(rank(comparisons));
}

}  // namespace

void add_validate(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ValidateOptions>();
  CLI::App* command = app.add_subcommand(
      "validate", "Compare the model with published measurements of real clusters and chips");
  command->add_option("kind", options->kind, "collectives, matmul or training; or a file");
  command->add_option("file", options->file, "comma-separated values; default: those shipped");
  command->add_option("--set", options->set, "only this publication or table");
  command->add_option("--quality", options->quality, "only A, B or C");
  command->add_flag("--rows", options->rows, "every row, predicted against measured");
  command->add_flag("--ranking", options->ranking, "only which of two plans is the faster");
  command->add_flag("--json", options->json, "an array of all rows, or the ranking");
  command->footer(
      "rainier validate training\n"
      "rainier validate collectives --rows");
  command->callback([options, &chosen] {
    chosen = [options] {
      if (speaks_before_init()) run(*options);
    };
  });
}

}  // namespace bench
