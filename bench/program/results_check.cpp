#include "bench/program/results_check.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/record/read.hpp"
#include "bench/record/schema.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

int minor_version(std::string_view version) {
  version.remove_prefix(std::min(version.size(), version.find('.') + 1));
  int number = 0;
  std::from_chars(version.data(), version.data() + version.size(), number);
  return number;
}

/// Collects what is wrong with one table.
class TableCheck {
 public:
  TableCheck(const ReadFile& file, const Record& record, ResultsCheck& found)
      : file_(file), record_(record), table_(file.table(record.group)), found_(found) {}

  void run() {
    check_signal();
    for (const Column& column : record_.columns) check(column);
    for (const auto& [name, values] : table_.columns())
      if (name != "point" && !is_column(name)) say(name, "is no column of this table");
    check_points();
    check_origins();
    check_bounds();
    check_rows();
  }

 private:
  void say(const std::string& column, const std::string& what) {
    found_.problems.push_back(fmt::format("{}/{} {}", record_.group, column, what));
  }

  [[nodiscard]] bool is_column(const std::string& name) const {
    return std::any_of(record_.columns.begin(), record_.columns.end(), [&](const Column& column) {
      return name == column.name;
    });
  }

  void check_signal() {
    if (record_.signal == nullptr) return;
    const Cell found = file_.has_attribute(record_.group, "signal")
                           ? file_.attribute(record_.group, "signal")
                           : Cell("");
    if (found != Cell(std::string(record_.signal)))
      found_.problems.push_back(
          fmt::format("{} has not the signal '{}'", record_.group, record_.signal));
  }

  void check(const Column& column) {
    if (column.type == ColumnType::samples) {
      if (!table_.has_samples()) say(column.name, "is missing");
      return;
    }
    const auto found = table_.columns().find(column.name);
    if (found == table_.columns().end()) {
      if (minor_version(found_.version) >= minor_version(schema_version))
        return say(column.name, "is missing");
      return found_.later.push_back(fmt::format("{}/{}", record_.group, column.name));
    }
    constexpr std::array types{ColumnType::float64, ColumnType::int64, ColumnType::text};
    if (const ColumnType type = types.at(found->second.index()); type != column.type)
      say(column.name, fmt::format("is {}, not {}", name(type), name(column.type)));
    expect_attribute(column, "units", column.units);
    expect_attribute(column, "long_name", column.long_name);
  }

  void expect_attribute(const Column& column, const char* attribute, const char* expected) {
    const std::string path = fmt::format("{}/{}", record_.group, column.name);
    const Cell value =
        file_.has_attribute(path, attribute) ? file_.attribute(path, attribute) : Cell("");
    if (value != Cell(std::string(expected)))
      say(column.name, fmt::format("has not the {} '{}'", attribute, expected));
  }

  [[nodiscard]] bool holds(const char* column, std::size_t type) const {
    const auto found = table_.columns().find(column);
    return found != table_.columns().end() && found->second.index() == type;
  }

  void check_points() {
    if (!holds("point", 1)) return say("point", "is missing");
    const auto& scale = table_.integers("point");
    for (std::size_t i = 0; i < scale.size(); ++i)
      if (scale[i] != static_cast<std::int64_t>(i))
        return say("point", "does not count 0, 1, 2, …");
  }

  void check_origins() {
    constexpr std::array<std::string_view, 4> origins{"published", "derived", "assumed", ""};
    for (const char* column : {"evidence", "status", "energy_evidence", "cost_evidence"}) {
      if (!holds(column, 2)) continue;
      for (const std::string& text : table_.texts(column))
        if (std::find(origins.begin(), origins.end(), text) == origins.end())
          say(column, fmt::format("says '{}': not published, derived or assumed", text));
    }
  }

  /// Nothing is faster than its lower bound; times are positive.
  void check_bounds() {
    constexpr double rounding = 1 + 1e-9;
    if (!holds("time", 0)) return;
    const auto& time = table_.floats("time");
    for (std::size_t i = 0; i < time.size(); ++i)
      if (!(time[i] >= 0)) return say("time", fmt::format("is {} in point {}", time[i], i));
    const bool modelled = std::string_view(record_.group).starts_with("modelled");
    if (!modelled || !holds("bound", 0)) return;
    const auto& bound = table_.floats("bound");
    for (std::size_t i = 0; i < std::min(time.size(), bound.size()); ++i)
      if (bound[i] > time[i] * rounding)
        return say("time", fmt::format("is below its bound in point {}", i));
  }

  /// Rows of another table are there.
  void check_rows() {
    if (!holds("row", 1) || !file_.has(modelled_training.group)) return;
    const auto rows = static_cast<std::int64_t>(file_.table(modelled_training.group).points());
    for (const std::int64_t row : table_.integers("row"))
      if (row < 0 || row >= rows)
        return say("row", fmt::format("names row {} of {}", row, modelled_training.group));
  }

  const ReadFile& file_;
  const Record& record_;
  ReadTable table_;
  ResultsCheck& found_;
};

const Record* record_of(const std::string& path) {
  for (const Record* record : records())
    if (path == record->group) return record;
  return nullptr;
}

/// Texts that are JSON by their name.
void check_texts(const ReadFile& file, std::vector<std::string>& found) {
  for (const std::string& text : file.texts())
    if ((text.ends_with(".json") || text == "provenance/manifest") &&
        !nlohmann::json::accept(file.text(text)))
      found.push_back(text + " is no JSON");
}

}  // namespace

ResultsCheck check_file(const std::string& path) {
  const ReadFile file(path);
  ResultsCheck check{std::get<std::string>(file.attribute("/", "schema_version")), {}, {}};
  std::vector<std::string>& found = check.problems;
  if (file.status() != "complete") found.push_back(fmt::format("status is {}", file.status()));
  std::int64_t points = 0;
  for (const std::string& table : file.tables()) {
    const Record* record = record_of(table);
    if (record == nullptr) {
      found.push_back(fmt::format("{} is no table of schema {}", table, schema_version));
      continue;
    }
    points += std::get<std::int64_t>(file.attribute(table, "points"));
    try {
      TableCheck(file, *record, check).run();
    } catch (const topology::Error& error) {  // cannot even be read
      const std::string what = error.what();
      found.push_back(what.starts_with(path + ": ") ? what.substr(path.size() + 2) : what);
    }
  }
  check_texts(file, found);
  if (points != file.last_point())
    found.push_back(fmt::format("last_point is {}, the tables have {}", file.last_point(), points));
  return check;
}

void check_results(const std::string& path) {
  const ResultsCheck check = check_file(path);
  const std::vector<std::string>& found = check.problems;
  for (const std::string& problem : found) fmt::print("{}: {}\n", path, problem);
  if (!found.empty())
    throw topology::Error(
        topology::ErrorKind::verdict,
        fmt::format("{}: {} problem{}", path, found.size(), found.size() == 1 ? "" : "s"));
  if (check.version == schema_version)
    fmt::print("{} is what schema {} says\n", path, schema_version);
  else
    fmt::print("{} of schema {} is what schema {} says{}{}\n",
               path,
               check.version,
               schema_version,
               check.later.empty() ? "" : ", but for what came later: ",
               fmt::join(check.later, ", "));
}

}  // namespace bench
