#include "bench/program/side_by_side.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bench/record/read.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

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

}  // namespace

void print_side_by_side(const std::string& path, const std::string& baseline, std::int64_t chips) {
  const ReadFile file(path);
  if (file.status() != "complete")
    fmt::print(stderr,
               "rainier: {} is {}, not complete: comparing the finished points\n",
               path,
               file.status());
  std::vector<SideBySide> all;
  if (file.has(modelled_matmul.group))
    for (const SideBySide& matmul : matmuls(file.table(modelled_matmul.group)))
      all.push_back(matmul);
  if (file.has(modelled_collective.group)) {
    all.push_back(collectives(file.table(modelled_collective.group), chips));
    if (all.back().rows.empty())
      topology::usage_error(fmt::format("{} has no collectives over {} chips", path, chips));
  }
  if (all.empty())
    topology::usage_error(path + " holds no modelled collectives or matmuls to compare");
  for (SideBySide& comparison : all) {
    order(comparison, baseline);
    print(comparison);
  }
}

}  // namespace bench
