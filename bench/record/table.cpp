#include "bench/record/table.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <hdf5_hl.h>

#include "bench/record/attribute.hpp"
#include "bench/record/dataset.hpp"
#include "bench/record/group.hpp"
#include "bench/record/hdf5_error.hpp"
#include "bench/record/nexus.hpp"
#include "bench/record/read_column.hpp"
#include "topology/error.hpp"

namespace bench {

namespace {

using Rows = std::span<const std::span<const Cell>>;

/// The values of one column, side by side as HDF5 wants them. Texts are passed as pointers.
template <class Value>
std::vector<Value> gather(Rows rows, std::size_t column) {
  std::vector<Value> values;
  values.reserve(rows.size());
  for (const auto row : rows) {
    if constexpr (std::is_same_v<Value, const char*>)
      values.push_back(std::get<std::string>(row[column]).c_str());
    else
      values.push_back(std::get<Value>(row[column]));
  }
  return values;
}

void write_cells(hid_t dataset, ColumnType type, hsize_t begin, Rows rows, std::size_t column) {
  const TypeHandle memory = memory_type(type);
  const auto write = [&](const auto& values) {
    write_block(dataset, memory.get(), begin, values.size(), values.data());
  };
  switch (type) {
    case ColumnType::float64:
      return write(gather<double>(rows, column));
    case ColumnType::int64:
      return write(gather<std::int64_t>(rows, column));
    case ColumnType::text:
      return write(gather<const char*>(rows, column));
    case ColumnType::samples:
      return;
  }
}

bool holds(const Cell& cell, ColumnType type) {
  constexpr std::array alternatives{ColumnType::float64, ColumnType::int64, ColumnType::text};
  return alternatives.at(cell.index()) == type;
}

}  // namespace

Table::Table(PartialFile& file, const Record& record) : file_(file), path_(record.group) {
  topology::expects(file.resumed() || !has_object(file.id(), path_), "a table is created once");
  if (file.resumed() && has_object(file.id(), path_)) {
    if (open(record.columns)) return;
    checked(H5Ldelete(file.id(), path_.c_str(), H5P_DEFAULT), "drop", file.id(), path_);
  }
  create(record);
}

void Table::create(const Record& record) {
  group_ = open_or_create_group(file_.id(), path_);
  mark_as_plot(file_.id(), record);
  write_attribute(group_.get(), "points", std::int64_t{0});
  point_ = create_scale(group_.get(), "point", "Number of the row.");
  for (const Column& column : record.columns) create_column(column);
  commit(0);
}

bool Table::open(std::span<const Column> columns) {
  group_ = open_or_create_group(file_.id(), path_);
  if (has_attribute(group_.get(), "points"))
    finished_ = std::get<std::int64_t>(read_attribute(group_.get(), "points"));
  if (finished_ == 0) return false;  // perhaps not even whole
  point_ = open_dataset(group_.get(), "point");
  for (const Column& column : columns) open_column(column);
  cut(finished_);  // a kill leaves rows that no number vouches for
  return true;
}

bool Table::skip(std::int64_t rows) {
  if (finished() >= rows) {
    points_ += rows;
    return true;
  }
  if (finished() > 0) {
    cut(points_);
    finished_ = points_;
  }
  return false;
}

void Table::append(std::span<const Cell> row, Samples samples) {
  expect_fit(row);
  topology::expects(!samples || samples_.get() >= 0, "this table has a samples column");
  if (skip(1)) return;
  write_rows({&row, 1});
  if (samples_.get() >= 0) write_samples(samples.value_or(std::span<const double>{}));
  commit(1);
}

void Table::append_all(std::span<const Row> rows) {
  topology::expects(samples_.get() < 0, "points with samples are appended one by one");
  const auto passed = std::min(finished(), static_cast<std::int64_t>(rows.size()));
  points_ += passed;
  rows = rows.subspan(static_cast<std::size_t>(passed));
  if (rows.empty()) return;
  for (const Row& row : rows) expect_fit(row);
  write_rows(std::vector<std::span<const Cell>>(rows.begin(), rows.end()));
  commit(static_cast<std::int64_t>(rows.size()));
}

void Table::open_column(const Column& column) {
  if (!has_object(file_.id(), path_ + "/" + column.name))
    throw topology::Error(topology::ErrorKind::environment,
                          path_ + ": the unfinished run has no column '" + column.name +
                              "': another version wrote it");
  DatasetHandle dataset = open_dataset(group_.get(), column.name);
  if (column.type != ColumnType::samples) {
    columns_.push_back(column);
    datasets_.push_back(std::move(dataset));
    return;
  }
  samples_ = std::move(dataset);
  sample_ = open_dataset(group_.get(), "sample");
  width_ = static_cast<std::int64_t>(extent(sample_.get()).at(0));
}

void Table::cut(std::int64_t points) {
  const auto rows = static_cast<hsize_t>(points);
  for (const DatasetHandle& dataset : datasets_) set_extent(dataset.get(), {rows});
  if (samples_.get() >= 0) set_extent(samples_.get(), {rows, static_cast<hsize_t>(width_)});
  set_extent(point_.get(), {rows});
  const auto before = std::get<std::int64_t>(read_attribute(group_.get(), "points"));
  if (before == points) return;
  write_attribute(group_.get(), "points", points);
  const auto all = std::get<std::int64_t>(read_attribute(file_.id(), "last_point"));
  write_attribute(file_.id(), "last_point", all - before + points);
}

void Table::create_column(const Column& column) {
  DatasetHandle dataset = create_dataset(group_.get(), column);
  checked(H5DSattach_scale(dataset.get(), point_.get(), 0), "attach `point` to", dataset.get());
  if (column.type != ColumnType::samples) {
    columns_.push_back(column);
    datasets_.push_back(std::move(dataset));
    return;
  }
  topology::expects(samples_.get() < 0, "a table has one samples column");
  sample_ = create_scale(group_.get(), "sample", "Number of the raw sample.");
  checked(H5DSattach_scale(dataset.get(), sample_.get(), 1), "attach `sample` to", dataset.get());
  samples_ = std::move(dataset);
}

void Table::expect_fit(std::span<const Cell> row) const {
  const auto bug = [this](const std::string& sentence) {
    throw topology::Error(topology::ErrorKind::internal, path_ + ": " + sentence);
  };
  if (row.size() != columns_.size())
    bug("a row has " + std::to_string(columns_.size()) + " cells, got " +
        std::to_string(row.size()));
  for (std::size_t c = 0; c < row.size(); ++c)
    if (!holds(row[c], columns_[c].type))
      bug(std::string("the cell of column '") + columns_[c].name + "' is not " +
          name(columns_[c].type));
}

void Table::write_rows(std::span<const std::span<const Cell>> rows) {
  const auto begin = static_cast<hsize_t>(points_);
  for (std::size_t c = 0; c < columns_.size(); ++c)
    write_cells(datasets_[c].get(), columns_[c].type, begin, rows, c);
  extend_scale(point_.get(), points_, points_ + static_cast<std::int64_t>(rows.size()));
}

void Table::write_samples(std::span<const double> samples) {
  const auto width = std::max(width_, static_cast<std::int64_t>(samples.size()));
  extend_scale(sample_.get(), width_, width);
  width_ = width;
  // The cells beyond are the fill value, NaN.
  const std::array<hsize_t, 2> extent{static_cast<hsize_t>(points_) + 1,
                                      static_cast<hsize_t>(width)};
  checked(H5Dset_extent(samples_.get(), extent.data()), "grow", samples_.get());
  if (samples.empty()) return;
  const std::array<hsize_t, 2> begin{static_cast<hsize_t>(points_), 0};
  const std::array<hsize_t, 2> count{1, samples.size()};
  const SpaceHandle file_space(H5Dget_space(samples_.get()));
  H5Sselect_hyperslab(
      file_space.get(), H5S_SELECT_SET, begin.data(), nullptr, count.data(), nullptr);
  const SpaceHandle memory_space(H5Screate_simple(2, count.data(), nullptr));
  checked(H5Dwrite(samples_.get(),
                   H5T_NATIVE_DOUBLE,
                   memory_space.get(),
                   file_space.get(),
                   H5P_DEFAULT,
                   samples.data()),
          "write",
          samples_.get());
}

void Table::commit(std::int64_t points) {
  // Rows first, their number last: a kill in between leaves rows that no number vouches for.
  file_.save();
  if (points == 0) return;
  points_ += points;
  write_attribute(group_.get(), "points", points_);
  const auto before = std::get<std::int64_t>(read_attribute(file_.id(), "last_point"));
  write_attribute(file_.id(), "last_point", before + points);
  file_.save();
}

}  // namespace bench
