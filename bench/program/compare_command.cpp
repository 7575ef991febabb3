// rainier compare: chip generations side by side; what each buys and what binds it. From a results
// file, by kernels; or by the best plans for a training job.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/generations.hpp"
#include "bench/program/generations_table.hpp"
#include "bench/record/read.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

struct CompareOptions {
  std::string file;
  std::string baseline = "trainium2";
  std::int64_t chips = 0;
  GenerationsOptions generations;
  bool json = false;
};

/// What one chip needs for one piece of work.
struct Entry {
  double seconds = 0;
  std::string binds;
  bool assumed = false;
};

/// Work by label, in order of appearance; per chip a cell.
struct SideBySide {
  std::string title;
  std::vector<std::string> chips;
  std::vector<std::pair<std::string, std::map<std::string, Entry>>> rows;

  void add(const std::string& label, const std::string& chip, Entry cell) {
    if (std::find(chips.begin(), chips.end(), chip) == chips.end()) chips.push_back(chip);
    auto row =
        std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.first == label; });
    if (row == rows.end()) row = rows.insert(rows.end(), {label, {}});
    row->second[chip] = std::move(cell);
  }
};

std::string duration(double seconds) {
  return topology::format(topology::Seconds(seconds));
}

std::string short_size(std::int64_t bytes) {
  return topology::format(topology::Bytes(static_cast<double>(bytes)));
}

SideBySide matmuls(const ReadTable& table, const std::string& dtype) {
  SideBySide all{"matmul in " + dtype + ", modelled, one chip", {}, {}};
  for (std::size_t i = 0; i < table.points(); ++i)
    if (table.texts("dtype")[i] == dtype)
      all.add(fmt::format("{} ({} x {} x {})",
                          table.texts("label")[i],
                          table.integers("m")[i],
                          table.integers("n")[i],
                          table.integers("k")[i]),
              table.texts("chip")[i],
              {table.floats("time")[i],
               table.texts("bound_by")[i] == "memory" ? "HBM" : table.texts("bound_by")[i],
               table.texts("evidence")[i] == "assumed"});
  return all;
}

/// What binds a collective: the latency of its messages when that is most of the time, else a link.
std::string binding(const ReadTable& table, std::size_t i) {
  const bool latency = table.floats("latency_part")[i] > table.floats("time")[i] / 2;
  const std::string& link = table.texts("bottleneck")[i];
  if (latency) return "latency";
  if (link == "hbm") return "HBM";
  return (link.ends_with("message rate") ? "" : "link ") + link;
}

/// One comparison per data type.
std::vector<SideBySide> matmuls(const ReadTable& table) {
  std::vector<std::string> types;
  for (const std::string& type : table.texts("dtype"))
    if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
  std::vector<SideBySide> all;
  all.reserve(types.size());
  for (const std::string& type : types) all.push_back(matmuls(table, type));
  return all;
}

/// Over `chips` chips; 0: over the most that the table has.
SideBySide collectives(const ReadTable& table, std::int64_t chips) {
  const auto& counts = table.integers("chips");
  if (chips == 0 && !counts.empty()) chips = *std::max_element(counts.begin(), counts.end());
  SideBySide all{fmt::format("collectives over {} chips, modelled", chips), {}, {}};
  const std::set<std::int64_t> sizes{1 << 20, 1 << 26, 1 << 30, std::int64_t{1} << 34};
  for (std::size_t i = 0; i < table.points(); ++i) {
    const std::int64_t size = table.integers("size")[i];
    if (table.integers("chips")[i] != chips || !sizes.contains(size)) continue;
    all.add(fmt::format("{} {}", table.texts("collective")[i], short_size(size)),
            table.texts("chip")[i],
            {table.floats("time")[i], binding(table, i), table.texts("evidence")[i] == "assumed"});
  }
  return all;
}

/// The baseline first, so that every row reads from it.
void order(SideBySide& comparison, const std::string& baseline) {
  auto& chips = comparison.chips;
  const auto at = std::find(chips.begin(), chips.end(), baseline);
  if (at == chips.end()) topology::usage_error(topology::unknown_name("baseline", baseline, chips));
  std::rotate(chips.begin(), at, at + 1);
}

constexpr int label_width = 48;
constexpr int cell_width = 39;

/// A row of the table; cells are padded, the end of the line is not.
void print_row(const std::string& label, const std::vector<std::string>& cells) {
  std::string line = fmt::format("{:<{}}", label, label_width);
  for (const std::string& cell : cells) line += fmt::format(" {:<{}}", cell, cell_width);
  fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
}

/// Baseline's seconds over the chip's, or 0 where either is missing.
double ratio(const std::map<std::string, Entry>& row,
             const std::string& baseline,
             const std::string& chip) {
  const auto base = row.find(baseline);
  const auto mine = row.find(chip);
  return base == row.end() || mine == row.end() ? 0 : base->second.seconds / mine->second.seconds;
}

/// One chip's cells averaged, as ratios are: geometrically.
double mean_ratio(const SideBySide& comparison, const std::string& chip) {
  double logs = 0;
  int count = 0;
  for (const auto& [label, row] : comparison.rows)
    if (const double r = ratio(row, comparison.chips.front(), chip); r > 0) {
      logs += std::log(r);
      ++count;
    }
  return std::exp(logs / std::max(count, 1));
}

void print(const SideBySide& comparison) {
  const std::string& baseline = comparison.chips.front();
  fmt::print("# {}: time, ratio to {}, what binds (* rests on an assumed figure)\n",
             comparison.title,
             baseline);
  print_row("", comparison.chips);
  for (const auto& [label, row] : comparison.rows) {
    std::vector<std::string> cells;
    for (const std::string& chip : comparison.chips) {
      const auto cell = row.find(chip);
      const double times = ratio(row, baseline, chip);
      cells.push_back(times == 0 ? "-"
                                 : fmt::format("{:>10} {:>6.2f}x {}{}",
                                               duration(cell->second.seconds),
                                               times,
                                               cell->second.binds,
                                               cell->second.assumed ? " *" : ""));
    }
    print_row(label, cells);
  }
  std::vector<std::string> means;
  for (const std::string& chip : comparison.chips)
    means.push_back(fmt::format("{:>10} {:>6.2f}x", "", mean_ratio(comparison, chip)));
  print_row("geometric mean of the ratios", means);
  fmt::print("\n");
}

void compare(const CompareOptions& options) {
  if (!speaks_before_init()) return;
  const ReadFile file(options.file);
  if (file.status() != "complete")
    fmt::print(stderr,
               "rainier: {} is {}, not complete: comparing the finished points\n",
               options.file,
               file.status());
  std::vector<SideBySide> all;
  if (file.has(modelled_matmul.group))
    for (const SideBySide& matmul : matmuls(file.table(modelled_matmul.group)))
      all.push_back(matmul);
  if (file.has(modelled_collective.group)) {
    all.push_back(collectives(file.table(modelled_collective.group), options.chips));
    if (all.back().rows.empty())
      topology::usage_error(
          fmt::format("{} has no collectives over {} chips", options.file, options.chips));
  }
  if (all.empty()) topology::usage_error(options.file + " holds no modelled results to compare");
  for (SideBySide& comparison : all) {
    order(comparison, options.baseline);
    print(comparison);
  }
}

void compare_models(const CompareOptions& options) {
  if (!speaks_before_init()) return;
  GenerationsOptions asked = options.generations;
  if (options.chips != 0) asked.chips = options.chips;
  const Generations all = compare_generations(asked);
  if (options.json)
    print_generations_json(all);
  else
    print_generations(all);
}

void add_generations(CLI::App& command, CompareOptions& options) {
  GenerationsOptions& o = options.generations;
  command.add_option("--model", o.model, "compare the best plans to train this model instead");
  command.add_option("--systems", o.systems, "with --model: the first counts as 1")->delimiter(',');
  command.add_option("--software", o.software, "what a framework reaches");
  command.add_option("--gbs,--global-batch", o.sequences, "sequences of a step")
      ->check(CLI::Range(1L, 1000000000000L));
  command.add_option("--seq,--seq-length", o.sequence, "tokens; default: 4096")
      ->check(CLI::Range(1L, 1000000000000L));
  command.add_option("-d,--dtype", o.type, "of parameters and activations");
  command.add_option("--matmul-dtype", o.matmul, "of the layers' matmuls: fp8, …");
  command.add_option("--price", o.prices, "SYSTEM=USD/h of a chip, such as rainier='2 USD/h'");
  command.add_option("--power", o.powers, "SYSTEM=W of a chip, such as rainier='750 W'");
  command.add_flag("--quick", o.quick, "no waterfalls, no bounds");
  command.add_flag("--json", options.json, "for programs");
}

}  // namespace

void add_compare(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<CompareOptions>();
  CLI::App* command = app.add_subcommand(
      "compare", "Compare chip generations: in a results file, or by the best plans for a model");
  CLI::Option* file = command->add_option("file", options->file, "results file of rainier run");
  command->add_option("--baseline", options->baseline, "chip that counts as 1");
  command
      ->add_option(
          "--chips",
          options->chips,
          "collectives over this many chips [the most]; with --model: of the first system [65536]")
      ->check(CLI::Range(1L, 1000000000000L));
  add_generations(*command, *options);
  command->get_option("--model")->excludes(file);
  command->callback([options, &chosen] {
    chosen = [options] {
      if (!options->generations.model.empty()) return compare_models(*options);
      if (options->file.empty())
        topology::usage_error("expected a results file or --model: see rainier compare --help");
      compare(*options);
    };
  });
}

}  // namespace bench
