#include "bench/record/expected_size.hpp"

#include "bench/record/dataset.hpp"

namespace bench {
namespace {

// Of HDF5 1.10, from files that were written: object header, attributes and index of a column; a
// text's length, its place in a heap and the free room there; root group and provenance.
constexpr double column_header = 1800;
constexpr double text_bytes = 48;
constexpr double file_header = 16e3;

double in_chunks(std::int64_t count, hsize_t chunk) {
  const auto number = static_cast<hsize_t>(count);
  const hsize_t chunks = (number + chunk - 1) / chunk;
  return static_cast<double>(chunks * chunk);
}

double size_of_column(const Column& column, const ExpectedTable& table) {
  constexpr double cell = 8;
  if (column.type == ColumnType::samples)
    return column_header + cell * in_chunks(table.rows, sample_chunk[0]) *
                               in_chunks(table.samples, sample_chunk[1]);
  const bool text = column.type == ColumnType::text;  // the chunk holds where each begins
  return column_header + (text ? 2 * cell : cell) * in_chunks(table.rows, chunk_rows) +
         (text ? text_bytes * static_cast<double>(table.rows) : 0);
}

}  // namespace

double expected_size(std::span<const ExpectedTable> tables, double inputs) {
  double bytes = file_header + inputs;
  for (const ExpectedTable& table : tables)
    for (const Column& column : table.record->columns) bytes += size_of_column(column, table);
  return bytes;
}

}  // namespace bench
