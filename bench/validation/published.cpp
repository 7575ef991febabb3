#include "bench/validation/published.hpp"

#include <cmath>
#include <cstdlib>

#include <csv.h>
#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/text_file.hpp"

namespace bench {
namespace {

/// What libcsv has read so far.
struct Reading {
  std::string path;
  std::shared_ptr<PublishedRow::Columns> columns;
  std::vector<std::string> cells;
  std::vector<PublishedRow> rows;
  std::int64_t line = 1;
  std::int64_t bad_line = 0;  ///< the first row of another length; libcsv is C: nothing is thrown
};

void add_cell(void* text, std::size_t length, void* to) {
  static_cast<Reading*>(to)->cells.emplace_back(static_cast<const char*>(text), length);
}

void end_row(int /*end*/, void* to) {
  Reading& reading = *static_cast<Reading*>(to);
  if (reading.columns == nullptr) {
    reading.columns = std::make_shared<PublishedRow::Columns>();
    for (std::size_t i = 0; i < reading.cells.size(); ++i) (*reading.columns)[reading.cells[i]] = i;
  } else if (reading.cells.size() != reading.columns->size()) {
    if (reading.bad_line == 0) reading.bad_line = reading.line;
  } else {
    reading.rows.emplace_back(reading.columns,
                              std::move(reading.cells),
                              fmt::format("{}:{}", reading.path, reading.line));
  }
  reading.cells.clear();
  ++reading.line;
}

}  // namespace

const std::string& PublishedRow::text(const std::string& column) const {
  const auto found = columns_->find(column);
  if (found == columns_->end())
    topology::usage_error(fmt::format("{}: the table has no column {}", where_, column));
  return cells_[found->second];
}

std::optional<double> PublishedRow::number(const std::string& column) const {
  const std::string& cell = text(column);
  if (cell.empty()) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(cell.c_str(), &end);
  if (*end != '\0' || !std::isfinite(value))
    topology::usage_error(fmt::format("{}: {} is \"{}\", expected a number", where_, column, cell));
  return value;
}

double PublishedRow::number_or(const std::string& column, double otherwise) const {
  return number(column).value_or(otherwise);
}

std::int64_t PublishedRow::count(const std::string& column) const {
  const std::optional<double> value = number(column);
  if (!value || *value != std::floor(*value))
    topology::usage_error(
        fmt::format("{}: {} is \"{}\", expected a whole number", where_, column, text(column)));
  return std::llround(*value);
}

std::int64_t PublishedRow::count_or(const std::string& column, std::int64_t otherwise) const {
  return text(column).empty() ? otherwise : count(column);
}

std::vector<PublishedRow> read_published(const std::string& path) {
  const std::string text = topology::read_text(path, "a table of published results");
  Reading reading;
  reading.path = path;
  csv_parser parser;
  if (csv_init(&parser, CSV_APPEND_NULL | CSV_STRICT | CSV_STRICT_FINI) != 0)
    throw topology::Error(topology::ErrorKind::internal, "libcsv does not start");
  const std::size_t read =
      csv_parse(&parser, text.data(), text.size(), add_cell, end_row, &reading);
  const bool good = read == text.size() && csv_fini(&parser, add_cell, end_row, &reading) == 0;
  const std::string why = csv_strerror(csv_error(&parser));
  csv_free(&parser);
  if (!good) topology::usage_error(fmt::format("{}:{}: {}", path, reading.line, why));
  if (reading.bad_line > 0)
    topology::usage_error(fmt::format(
        "{}:{}: expected {} cells, as in line 1", path, reading.bad_line, reading.columns->size()));
  if (reading.columns == nullptr) topology::usage_error(path + ": is empty");
  return std::move(reading.rows);
}

}  // namespace bench
