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
std::vector<double> samples_of(const ReadTable& table, std::size_t row) {
  std::vector<double> all;
  for (const double sample : table.samples(row))
    if (!std::isnan(sample)) all.push_back(sample);
  if (all.empty()) all.push_back(table.floats("time")[row]);
  return all;
}

constexpr const char* host = "measured/host";

/// 0 where the file does not tell.
double attribute(const ReadFile& file, const char* group, const char* name) {
  if (!file.has_attribute(group, name)) return 0;
  const Cell cell = file.attribute(group, name);
  const auto* value = std::get_if<double>(&cell);
  return value == nullptr ? 0 : *value;
}

/// Of the CPU time, while collectives or matmuls ran: the larger one.
double most_taken(const ReadFile& file, const char* name) {
  return std::max(attribute(file, host, name), attribute(file, measured_matmul.group, name));
}

/// Around the point or, in files that do not tell that, around all of them.
std::vector<double> distances_of(const ReadFile& file, const ReadTable& table, std::size_t row) {
  std::vector<double> known;
  for (const char* when : {"core_to_core_before", "core_to_core_after"})
    if (const double seconds =
            table.has(when) ? table.floats(when)[row] : attribute(file, host, when);
        seconds > 0)
      known.push_back(seconds);
  return known;
}

/// Ours, each sample over MPI's of the same turn where MPI ran, too.
void add_measured_collectives(const ReadFile& file, std::vector<TimedPoint>& points) {
  const ReadTable table = file.table(measured_collective.group);
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
    point.time = samples_of(table, i);
    if (const auto control = controls.find(key(i)); control != controls.end())
      if (const std::vector<double> theirs = samples_of(table, control->second);
          theirs.size() == point.time.size())
        point.relative = ratios(point.time, theirs);
    point.core_to_core = distances_of(file, table, i);
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
    point.time = samples_of(table, i);
    if (table.has("cpu_time")) point.cpu.push_back(table.floats("cpu_time")[i]);
    const auto control = peak.find({type, threads});
    const double pace = table.has("control")    ? table.floats("control")[i]
                        : control != peak.end() ? control->second
                                                : 0;
    if (pace > 0)
      for (const double seconds : point.time) point.relative.push_back(seconds * pace);
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
                      {},
                      {},
                      {}});
}

std::int64_t wrong_points(const ReadFile& file) {
  std::int64_t points = 0;
  for (const Record* record : {&measured_collective, &measured_distributed_matmul})
    if (file.has(record->group)) {
      const ReadTable table = file.table(record->group);
      const auto& wrong = table.integers("wrong");
      points += std::count_if(wrong.begin(), wrong.end(), [](std::int64_t n) { return n > 0; });
    }
  return points;
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
  TimedFile timed{path, {}, 0, 0, wrong_points(file)};
  std::vector<TimedPoint>& points = timed.points;
  timed.foreign = most_taken(file, "foreign_cpu_share");
  timed.stolen = most_taken(file, "stolen_cpu_share");
  if (file.has(measured_collective.group)) add_measured_collectives(file, points);
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
