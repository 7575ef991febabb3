// A table of results under construction: one 1-D dataset per column, all on the dimension `point`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/record/column.hpp"
#include "bench/record/handle.hpp"
#include "bench/record/partial_file.hpp"

namespace bench {

class Table {
 public:
  using Row = std::vector<Cell>;
  using Samples = std::optional<std::span<const double>>;

  /// Creates the table as a new group. `file` outlives the table.
  Table(PartialFile& file, std::string group, std::span<const Column> columns);

  /// One finished point: cells in the order of the columns, without the samples column. It is on
  /// disk when this returns. @throws Error(environment) when the disk refuses it.
  void append(std::span<const Cell> row, Samples samples = std::nullopt);

  /// Many points with one visit to the disk: for what is cheaper to compute again than to save
  /// one by one.
  void append_all(std::span<const Row> rows);

  [[nodiscard]] std::int64_t points() const { return points_; }

 private:
  void create_column(const Column& column);
  void expect_fit(std::span<const Cell> row) const;
  void write_rows(std::span<const std::span<const Cell>> rows);
  void write_samples(std::span<const double> samples);
  void commit(std::int64_t points);

  PartialFile& file_;
  std::string path_;
  std::vector<Column> columns_;  ///< without the samples
  std::vector<DatasetHandle> datasets_;
  GroupHandle group_;
  DatasetHandle point_;
  DatasetHandle samples_;
  DatasetHandle sample_;  ///< the scale of the second dimension of `samples_`
  std::int64_t points_ = 0;
  std::int64_t width_ = 0;  ///< samples of the widest point
};

}  // namespace bench
