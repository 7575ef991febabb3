#include "bench/program/results_summary.hpp"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "bench/program/recorded_json.hpp"
#include "bench/program/text.hpp"
#include "bench/record/read.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

std::string text_attribute(const ReadFile& file,
                           const std::string& group,
                           const std::string& name) {
  return file.has_attribute(group, name) ? std::get<std::string>(file.attribute(group, name)) : "";
}

template <class Value>
bool is(const ReadTable& table, const std::string& column) {
  const auto found = table.columns().find(column);
  return found != table.columns().end() &&
         std::holds_alternative<std::vector<Value>>(found->second);
}

/// Of an integer column that says how big the points are: "1 KiB to 16 MiB".
std::string range(const ReadTable& table, const std::string& column) {
  if (!is<std::int64_t>(table, column) || table.points() == 0) return {};
  const auto& values = table.integers(column);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const auto said = [&](std::int64_t value) {
    return column == "size" ? topology::format(topology::Bytes(static_cast<double>(value)))
                            : fmt::format("{}", value);
  };
  const std::string both =
      *low == *high ? said(*low) : fmt::format("{} to {}", said(*low), said(*high));
  return column == "size" ? both : fmt::format("{} {}", both, column);
}

/// The few different texts of a column.
std::string names(const ReadTable& table, const std::string& column) {
  constexpr std::size_t most = 6;
  if (!is<std::string>(table, column)) return {};
  std::vector<std::string> seen;
  for (const std::string& text : table.texts(column))
    if (!text.empty() && std::find(seen.begin(), seen.end(), text) == seen.end())
      seen.push_back(text);
  if (seen.size() > most) return fmt::format("{} of them", seen.size());
  return fmt::format("{}", fmt::join(seen, ", "));
}

void add(std::string& line, const std::string& words) {
  if (!words.empty()) line += (line.empty() ? "" : "; ") + words;
}

/// What became of the check of every element; -1 stands for points that were not checked.
std::string verdict(const ReadTable& table) {
  if (!table.has("wrong") || table.points() == 0) return {};
  std::int64_t wrong = 0;
  std::size_t checked = 0;
  for (const std::int64_t of_point : table.integers("wrong")) {
    wrong += std::max<std::int64_t>(of_point, 0);
    if (of_point >= 0) ++checked;
  }
  if (wrong > 0) return fmt::format("{} ELEMENTS WRONG", wrong);
  if (checked == table.points()) return "all elements right";
  return fmt::format("elements checked in {} points, all right", checked);
}

std::string holds(const ReadTable& table) {
  std::string line;
  for (const char* column : {"system", "chip", "model", "kernel", "collective", "dtype"})
    add(line, names(table, column));
  for (const char* column : {"size", "chips", "ranks"}) add(line, range(table, column));
  add(line, verdict(table));
  return line;
}

using PlannedPoints = std::map<std::string, std::int64_t>;

/// Points that a run file asks for, by table; empty for other files.
PlannedPoints plan_of(const ReadFile& file) {
  if (!file.has("inputs/plan.json")) return {};
  return recorded_json(file, "inputs/plan.json", [](const nlohmann::json& plan) {
    return plan.get<PlannedPoints>();
  });
}

/// On which host, and since when.
std::string measured_on(const ReadFile& file) {
  return recorded_json(file, "provenance/manifest", [](const nlohmann::json& manifest) {
    const nlohmann::json host = manifest.value("host", nlohmann::json::object());
    return fmt::format("{} ({}), from {}",
                       host.value("name", "?"),
                       host.value("cpu", "?"),
                       manifest.value("start", "?"));
  });
}

void print_head(const ReadFile& file, const std::string& path) {
  const std::string measured = file.has("provenance/manifest") ? measured_on(file) : "";
  fmt::print("{}: {}, {} points; written by {}, schema {}\n",
             path,
             file.status(),
             file.last_point(),
             text_attribute(file, "/", "creator"),
             text_attribute(file, "/", "schema_version"));
  if (const std::string why = text_attribute(file, "/", "failure"); !why.empty())
    fmt::print("it failed: {}\n", why);
  if (const std::string title = text_attribute(file, "/", "title"); !title.empty())
    fmt::print("{}\n", title);
  if (measured.empty()) return;
  const std::string end = text_attribute(file, "provenance", "end");
  fmt::print("measured on {}{}\n", measured, end.empty() ? "" : " to " + end);
  if (!file.has_attribute("/", "resumed")) return;
  const auto times = std::get<std::int64_t>(file.attribute("/", "resumed"));
  fmt::print("resumed {}\n", times == 1 ? "once" : fmt::format("{} times", times));
}

void print_tables(const ReadFile& file, const PlannedPoints& plan) {
  constexpr std::size_t width = 80;
  constexpr std::size_t before = 46;
  fmt::print("\n{:<29} {:>7} {:>7}  {}\n", "table", "points", "of", "holds");
  for (const std::string& path : file.tables()) {
    const ReadTable table = file.table(path);
    fmt::print("{:<29} {:>7} {:>7}  {}\n",
               path,
               table.points(),
               plan.contains(path) ? fmt::format("{}", plan.at(path)) : "",
               wrapped(holds(table), width, before));
  }
}

/// Only `run` goes on where it was cut off; of a file without its command it is the likelier.
bool can_resume(const ReadFile& file) {
  constexpr const char* command = "inputs/command.json";
  return !file.has(command) || recorded_json(file, command, [](const nlohmann::json& words) {
    return words.at(0) == "run";
  });
}

void print_missing(const ReadFile& file, const PlannedPoints& plan, const std::string& path) {
  std::string missing;
  for (const auto& [table, planned] : plan) {
    const auto points =
        file.has(table) ? static_cast<std::int64_t>(file.table(table).points()) : std::int64_t{0};
    if (points < planned)
      add(missing, fmt::format("{} of {} in {}", planned - points, planned, table));
  }
  if (!missing.empty())
    fmt::print("\nmissing: {}\n{}\n",
               missing,
               can_resume(file) ? "go on with it: rainier run RUN.toml --resume, as it was started"
                                : "begin anew, on as many ranks: rainier rerun " + path);
  else if (file.status() != "complete")
    fmt::print("\nthe run has not said that it is through\n");
}

/// Files by name, systems with all that they were read from as one.
void print_inputs(const ReadFile& file) {
  constexpr std::size_t width = 100;
  constexpr std::string_view folder = "inputs/";
  constexpr std::string_view systems = "systems/";
  std::vector<std::string> inputs;
  for (const std::string& text : file.texts()) {
    if (!text.starts_with(folder)) continue;
    std::string input = text.substr(folder.size());
    if (input.starts_with(systems)) input.resize(input.find('/', systems.size()));
    if (inputs.empty() || inputs.back() != input) inputs.push_back(input);
  }
  fmt::print("\n{}\n",
             wrapped(fmt::format("inputs, verbatim: {}", fmt::join(inputs, " ")), width, 0));
}

}  // namespace

bool is_results(const std::string& path) {
  if (path.ends_with(".h5") || path.ends_with(".partial")) return true;
  return std::filesystem::is_regular_file(path) && is_hdf5(path);
}

void print_results(const std::string& path) {
  const ReadFile file(path);
  const PlannedPoints plan = plan_of(file);
  print_head(file, path);
  print_tables(file, plan);
  print_missing(file, plan, path);
  print_inputs(file);
}

}  // namespace bench
