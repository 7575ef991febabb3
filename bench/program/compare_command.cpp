// rainier compare: chip generations side by side, from a results file; what each buys and what
// binds it.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/record/read.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

struct Options {
  std::string file;
  std::string baseline = "trainium2";
  std::int64_t chips = 0;
};

/// What one chip needs for one piece of work.
struct Entry {
  double seconds = 0;
  std::string binds;
  bool assumed = false;
};

/// Work by label, in order of appearance; per chip a cell.
struct Comparison {
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

Comparison matmuls(const ReadTable& table, const std::string& dtype) {
  Comparison all{"matmul in " + dtype + ", modelled, one chip", {}, {}};
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
  return latency ? "latency" : table.texts("bottleneck")[i];
}

Comparison collectives(const ReadTable& table, std::int64_t chips) {
  Comparison all{fmt::format("collectives over {} chips, modelled", chips), {}, {}};
  const std::set<std::int64_t> sizes{1 << 20, 1 << 26, 1 << 30, std::int64_t{1} << 34};
  for (std::size_t i = 0; i < table.points(); ++i) {
    const std::int64_t size = table.integers("size")[i];
    if (table.integers("chips")[i] != chips || sizes.count(size) == 0) continue;
    all.add(fmt::format("{} {}", table.texts("collective")[i], short_size(size)),
            table.texts("chip")[i],
            {table.floats("time")[i], binding(table, i), table.texts("evidence")[i] == "assumed"});
  }
  return all;
}

/// The baseline first, so that every row reads from it.
void order(Comparison& comparison, const std::string& baseline) {
  auto& chips = comparison.chips;
  const auto at = std::find(chips.begin(), chips.end(), baseline);
  if (at == chips.end()) topology::usage_error(topology::unknown_name("baseline", baseline, chips));
  std::rotate(chips.begin(), at, at + 1);
}

void print_mean(const Comparison& comparison) {
  fmt::print("{:<48}", "geometric mean of the ratios");
  for (const std::string& chip : comparison.chips) {
    double logs = 0;
    int count = 0;
    for (const auto& [label, cells] : comparison.rows) {
      const auto base = cells.find(comparison.chips.front());
      const auto mine = cells.find(chip);
      if (base == cells.end() || mine == cells.end()) continue;
      logs += std::log(base->second.seconds / mine->second.seconds);
      ++count;
    }
    fmt::print(" {:>10} {:>6.2f}x {:<20}", "", std::exp(logs / std::max(count, 1)), "");
  }
  fmt::print("\n\n");
}

void print(const Comparison& comparison) {
  fmt::print("# {}: time, ratio to {}, what binds (* rests on assumed figures)\n{:<48}",
             comparison.title,
             comparison.chips.front(),
             "");
  for (const std::string& chip : comparison.chips) fmt::print(" {:<39}", chip);
  fmt::print("\n");
  for (const auto& [label, cells] : comparison.rows) {
    fmt::print("{:<48}", label);
    const auto base = cells.find(comparison.chips.front());
    for (const std::string& chip : comparison.chips) {
      const auto cell = cells.find(chip);
      if (cell == cells.end() || base == cells.end()) {
        fmt::print(" {:<39}", "-");
        continue;
      }
      fmt::print(" {:>10} {:>6.2f}x {:<20}",
                 duration(cell->second.seconds),
                 base->second.seconds / cell->second.seconds,
                 cell->second.binds + (cell->second.assumed ? " *" : ""));
    }
    fmt::print("\n");
  }
  print_mean(comparison);
}

void compare(const Options& options) {
  if (!speaks_before_init()) return;
  const ReadFile file(options.file);
  if (file.status() != "complete")
    fmt::print(stderr,
               "rainier: {} is {}, not complete: comparing the finished points\n",
               options.file,
               file.status());
  std::vector<Comparison> all;
  if (file.has(modelled_matmul.group)) {
    const ReadTable table = file.table(modelled_matmul.group);
    std::vector<std::string> types;
    for (const std::string& type : table.texts("dtype"))
      if (std::find(types.begin(), types.end(), type) == types.end()) types.push_back(type);
    for (const std::string& type : types) all.push_back(matmuls(table, type));
  }
  if (file.has(modelled_collective.group)) {
    const ReadTable table = file.table(modelled_collective.group);
    const auto& counts = table.integers("chips");
    const std::int64_t most = counts.empty() ? 0 : *std::max_element(counts.begin(), counts.end());
    all.push_back(collectives(table, options.chips != 0 ? options.chips : most));
    if (all.back().rows.empty())
      topology::usage_error(
          fmt::format("{} has no collectives over {} chips", options.file, options.chips));
  }
  if (all.empty()) topology::usage_error(options.file + " holds no modelled results to compare");
  for (Comparison& comparison : all) {
    order(comparison, options.baseline);
    print(comparison);
  }
}

}  // namespace

void add_compare(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "compare", "Compare the chip generations in a results file: ratios and what binds");
  command->add_option("file", options->file, "results file of rainier run")->required();
  command->add_option("--baseline", options->baseline, "chip that counts as 1");
  command->add_option("--chips", options->chips, "collectives over this many chips [the most]");
  command->callback([options, &chosen] { chosen = [options] { compare(*options); }; });
}

}  // namespace bench
