// Published measurements, as tables of comma-separated values: one line of names, then one row
// each.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bench {

/// Cells by the name of their column. An empty cell is one that nobody has published.
class PublishedRow {
 public:
  using Columns = std::map<std::string, std::size_t>;

  PublishedRow(std::shared_ptr<const Columns> columns,
               std::vector<std::string> cells,
               std::string where)
      : columns_(std::move(columns)), cells_(std::move(cells)), where_(std::move(where)) {}

  [[nodiscard]] bool has(const std::string& column) const { return columns_->count(column) > 0; }

  /// @throws Error(usage) with file and line where there is no such column
  [[nodiscard]] const std::string& text(const std::string& column) const;
  /// Absent where the cell is empty. @throws Error(usage) where it is no number
  [[nodiscard]] std::optional<double> number(const std::string& column) const;
  [[nodiscard]] double number_or(const std::string& column, double otherwise) const;
  /// @throws Error(usage) where the cell is empty or no whole number
  [[nodiscard]] std::int64_t count(const std::string& column) const;
  [[nodiscard]] std::int64_t count_or(const std::string& column, std::int64_t otherwise) const;

 private:
  std::shared_ptr<const Columns> columns_;
  std::vector<std::string> cells_;
  std::string where_;  ///< "training.csv:17"
};

/// @throws Error(usage) for a file that cannot be read or a row of another length, with its line
[[nodiscard]] std::vector<PublishedRow> read_published(const std::string& path);

}  // namespace bench
