// Datasets that grow row by row.
#pragma once

#include <array>
#include <initializer_list>
#include <span>
#include <string>

#include "bench/record/column.hpp"
#include "bench/record/handle.hpp"

namespace bench {

// A chunk is a page of the disk: a table of one row costs 4 KiB a column, one of 100,000 rows 200
// chunks a column. No filter: compressed chunks change size and move at every save, and a chunk
// this small has little to gain.
inline constexpr hsize_t chunk_rows = 512;
inline constexpr std::array<hsize_t, 2> sample_chunk{32, 32};

/// HDF5 type of a column in memory; the file has the same.
[[nodiscard]] TypeHandle memory_type(ColumnType type);

/// An empty dataset that can grow, with `units` and `long_name`; unwritten cells read as NaN, -1
/// or "". `samples` has two dimensions, the others one.
[[nodiscard]] DatasetHandle create_dataset(hid_t group, const Column& column);

/// Makes `dataset` an (empty, int64) dimension scale called `name`.
[[nodiscard]] DatasetHandle create_scale(hid_t group, const char* name, const char* long_name);

/// A member of a group that is there.
[[nodiscard]] DatasetHandle open_dataset(hid_t group, const char* name);

/// Of every dimension.
void set_extent(hid_t dataset, std::initializer_list<hsize_t> extents);

/// Grows a 1-D dataset to `begin + count` and writes `count` values from `begin` on.
void write_block(hid_t dataset, hid_t type, hsize_t begin, hsize_t count, const void* values);

/// Continues a scale 0, 1, 2, … from `begin` to `end`.
void extend_scale(hid_t scale, std::int64_t begin, std::int64_t end);

/// A scalar text, verbatim.
void write_text(hid_t group, const std::string& name, const std::string& content);

}  // namespace bench
