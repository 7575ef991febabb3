#include "bench/comparison/timed_points.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "bench/executor/statistics.hpp"
#include "bench/record/read.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

std::string size_name(std::int64_t bytes) {
  return topology::format(topology::Bytes(static_cast<double>(bytes)));
}

/// Without the padding.
std::vector<double> samples(const ReadTable& table, std::size_t row) {
  std::vector<double> all;
  for (const double sample : table.samples(row))
    if (!std::isnan(sample)) all.push_back(sample);
  if (all.empty()) all.push_back(table.floats("time")[row]);
  return all;
}

/// Ours, each sample over MPI's of the same turn where MPI ran, too.
void add_measured_collectives(const ReadTable& table, std::vector<TimedPoint>& points) {
  using Key = std::tuple<std::string, std::string, std::int64_t, std::int64_t, std::int64_t>;
  const auto key = [&](std::size_t i) {
    return Key{table.texts("collective")[i],
               table.texts("dtype")[i],
               table.integers("ranks")[i],
               table.integers("size")[i],
               table.integers("in_place")[i]};
  };
  std::map<Key, std::size_t> controls;
  for (std::size_t i = 0; i < table.points(); ++i)
    if (table.texts("implementation")[i] == "MPI") controls.emplace(key(i), i);
  for (std::size_t i = 0; i < table.points(); ++i) {
    if (table.texts("implementation")[i] == "MPI") continue;
    const auto& [collective, type, ranks, size, in_place] = key(i);
    TimedPoint point;
    point.kernel = collective;
    point.type = type;
    point.ranks = ranks;
    point.name = size_name(size) + (in_place == 1 ? " in place" : "");
    point.size = size;
    point.time = samples(table, i);
    if (const auto control = controls.find(key(i)); control != controls.end())
      if (const std::vector<double> theirs = samples(table, control->second);
          theirs.size() == point.time.size())
        point.relative = ratios(point.time, theirs);
    points.push_back(point);
  }
}

/// Multiply-adds per second that the cores did in the same run, by data type and threads.
std::map<std::pair<std::string, std::int64_t>, double> peaks(const ReadFile& file) {
  std::map<std::pair<std::string, std::int64_t>, double> all;
  if (!file.has(measured_compute.group)) return all;
  const ReadTable table = file.table(measured_compute.group);
  for (std::size_t i = 0; i < table.points(); ++i)
    all[{table.texts("dtype")[i], table.integers("threads")[i]}] = table.floats("rate")[i];
  return all;
}

void add_measured_matmuls(const ReadFile& file, std::vector<TimedPoint>& points) {
  const ReadTable table = file.table(measured_matmul.group);
  const auto peak = peaks(file);
  for (std::size_t i = 0; i < table.points(); ++i) {
    const std::string& type = table.texts("dtype")[i];
    const std::int64_t threads = table.integers("threads")[i];
    TimedPoint point;
    point.kernel = "matmul";
    point.type = fmt::format("{} {}, {} threads", type, table.texts("kernel")[i], threads);
    point.name = fmt::format(
        "{} x {} x {}", table.integers("m")[i], table.integers("n")[i], table.integers("k")[i]);
    point.time = samples(table, i);
    if (const auto control = peak.find({type, threads}); control != peak.end())
      for (const double seconds : point.time) point.relative.push_back(seconds * control->second);
    points.push_back(point);
  }
}

/// The cells of some columns in words: sizes as such, other numbers after the name of their column.
std::string words(const ReadTable& table,
                  const std::vector<std::string>& columns,
                  std::size_t row) {
  std::string text;
  for (const std::string& column : columns) {
    const Values& values = table.columns().at(column);
    const auto* texts = std::get_if<std::vector<std::string>>(&values);
    std::string word;
    if (texts != nullptr)
      word = (*texts)[row];
    else if (column == "size")
      word = size_name(table.integers(column)[row]);
    else
      word = fmt::format("{} {}", column, table.integers(column)[row]);
    if (!word.empty()) text += (text.empty() ? "" : " ") + word;
  }
  return text;
}

void add_modelled(const ReadTable& table,
                  const std::string& what,
                  const std::vector<std::string>& group,
                  const std::vector<std::string>& name,
                  std::vector<TimedPoint>& points) {
  for (std::size_t i = 0; i < table.points(); ++i)
    points.push_back({what,
                      words(table, group, i),
                      0,
                      words(table, name, i),
                      table.has("size") ? table.integers("size")[i] : 0,
                      true,
                      {table.floats("time")[i]},
                      {}});
}

}  // namespace

std::string TimedPoint::group() const {
  std::string text = kernel;
  if (!type.empty()) text += (text.empty() ? "" : " ") + type;
  if (ranks > 0) text += fmt::format(", {} ranks", ranks);
  return text;
}

TimedFile timed_points(const std::string& path) {
  const ReadFile file(path);
  TimedFile timed{path, {}, 0, 0};
  std::vector<TimedPoint>& points = timed.points;
  const auto of_host = [&](const char* name) {
    const bool known = file.has_attribute("measured/host", name);
    return known ? std::get<double>(file.attribute("measured/host", name)) : 0;
  };
  timed.disturbance = of_host("foreign_cpu_share") + of_host("stolen_cpu_share");
  timed.core_to_core = (of_host("core_to_core_before") + of_host("core_to_core_after")) / 2;
  if (file.has(measured_collective.group))
    add_measured_collectives(file.table(measured_collective.group), points);
  if (file.has(measured_matmul.group)) add_measured_matmuls(file, points);
  if (file.has(modelled_collective.group))
    add_modelled(file.table(modelled_collective.group),
                 "modelled",
                 {"system", "collective", "dtype"},
                 {"size", "chips"},
                 points);
  if (file.has(modelled_matmul.group))
    add_modelled(file.table(modelled_matmul.group),
                 "modelled matmul",
                 {"chip", "dtype"},
                 {"label", "m", "n", "k"},
                 points);
  if (file.has(modelled_training.group))
    add_modelled(file.table(modelled_training.group),
                 "modelled step",
                 {"system", "model", "dtype"},
                 {"chips",
                  "batch",
                  "tensor",
                  "context",
                  "data",
                  "pipeline",
                  "expert",
                  "schedule",
                  "virtual_stages",
                  "micro_batch",
                  "recompute",
                  "zero",
                  "shard"},
                 points);
  for (const TimedPoint& point : points)
    for (const double time : point.time)
      if (!(time >= 0))
        throw topology::Error(
            topology::ErrorKind::environment,
            fmt::format("{}: {} {} takes {} s; rainier check says what is wrong with the file",
                        path,
                        point.group(),
                        point.name,
                        time));
  return timed;
}

}  // namespace bench
