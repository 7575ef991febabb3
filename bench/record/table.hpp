// A table of results under construction: one 1-D dataset per column, all on the dimension `point`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/record/column.hpp"
#include "bench/record/handle.hpp"
#include "bench/record/partial_file.hpp"
#include "bench/record/schema.hpp"

namespace bench {

class Table {
 public:
  using Row = std::vector<Cell>;
  using Samples = std::optional<std::span<const double>>;

  /// Creates the table as a new group or, in a file that is resumed, goes on with it. `file`
  /// outlives the table.
  Table(PartialFile& file, const Record& record);

  /// Points that an earlier part of the run has left and that nobody has passed yet. `append`
  /// passes over them: whoever resumes a run appends the same points in the same order.
  [[nodiscard]] std::int64_t finished() const {
    return std::max<std::int64_t>(finished_ - points_, 0);
  }

  /// Passes over the next `rows` if all of them are finished; drops them if only some are.
  bool skip(std::int64_t rows);

  /// One finished point: cells in the order of the columns, without the samples column. It is on
  /// disk when this returns. @throws Error(environment) when the disk refuses it.
  void append(std::span<const Cell> row, Samples samples = std::nullopt);

  /// Many points with one visit to the disk: for what is cheaper to compute again than to save
  /// one by one.
  void append_all(std::span<const Row> rows);

  /// Written or passed.
  [[nodiscard]] std::int64_t points() const { return points_; }

 private:
  void create(const Record& record);
  /// False: there is no point in it.
  bool open(std::span<const Column> columns);
  void create_column(const Column& column);
  void open_column(const Column& column);
  void cut(std::int64_t points);
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
  std::int64_t finished_ = 0;  ///< by an earlier part of the run
  std::int64_t width_ = 0;     ///< samples of the widest point
};

}  // namespace bench
