// Results files for reading, complete or cut off.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "bench/record/column.hpp"
#include "bench/record/handle.hpp"
#include "bench/record/read_column.hpp"

namespace bench {

/// The finished points of one table, in memory.
class ReadTable {
 public:
  /// Reads the table of an open group; `path` is for messages.
  ReadTable(hid_t group, std::string path);

  [[nodiscard]] std::size_t points() const { return points_; }

  [[nodiscard]] bool has(const std::string& column) const { return columns_.contains(column); }

  /// By name, without the samples.
  [[nodiscard]] const std::map<std::string, Values>& columns() const { return columns_; }

  [[nodiscard]] bool has_samples() const { return has_samples_; }

  /// Columns by name. @throws Error(environment) when there is none of that name and type.
  [[nodiscard]] const std::vector<double>& floats(const std::string& column) const;
  [[nodiscard]] const std::vector<std::int64_t>& integers(const std::string& column) const;
  [[nodiscard]] const std::vector<std::string>& texts(const std::string& column) const;

  /// Raw samples of a point, padded with NaN; empty when the table has none.
  [[nodiscard]] std::span<const double> samples(std::size_t point) const;

 private:
  template <class Value>
  [[nodiscard]] const std::vector<Value>& get(const std::string& column) const;

  std::string path_;
  std::size_t points_ = 0;
  std::size_t width_ = 0;
  bool has_samples_ = false;
  std::map<std::string, Values> columns_;
  std::vector<double> samples_;
};

/// Has this file the signature of HDF5?
[[nodiscard]] bool is_hdf5(const std::filesystem::path& path);

/// @throws Error(usage) where what is written would replace what is read
void expect_another(const std::filesystem::path& read, const std::filesystem::path& written);

class ReadFile {
 public:
  /// @throws Error(environment): not there, not HDF5, cut off, another program's, a newer schema.
  explicit ReadFile(const std::filesystem::path& path);

  [[nodiscard]] const std::string& path() const { return path_; }

  [[nodiscard]] std::string status() const;  ///< "complete", "running" or "failed"
  [[nodiscard]] std::int64_t last_point() const;

  [[nodiscard]] bool has(const std::string& path) const;
  [[nodiscard]] bool has_attribute(const std::string& group, const std::string& name) const;
  /// Paths of all tables, of all scalar texts, in the order of their names.
  [[nodiscard]] std::vector<std::string> tables() const;
  [[nodiscard]] std::vector<std::string> texts() const;
  /// @throws Error(environment) when there is no such table, and so for the others.
  [[nodiscard]] ReadTable table(const std::string& group) const;
  [[nodiscard]] std::string text(const std::string& path) const;
  [[nodiscard]] Cell attribute(const std::string& group, const std::string& name) const;

 private:
  void expect_ours() const;
  [[nodiscard]] ObjectHandle open(const std::string& path) const;

  std::string path_;
  FileHandle file_;
};

}  // namespace bench
