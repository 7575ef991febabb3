#include "bench/record/read_column.hpp"

#include "bench/record/attribute.hpp"
#include "bench/record/hdf5_error.hpp"

namespace bench {

namespace {

/// Reads the first `rows` rows, and no more: what a cut-off run left beyond may not be readable.
void read_first(hid_t dataset, hid_t type, hsize_t rows, void* values) {
  std::vector<hsize_t> count = extent(dataset);
  count.front() = rows;
  const std::vector<hsize_t> begin(count.size(), 0);
  const int rank = static_cast<int>(count.size());
  const SpaceHandle file_space(H5Dget_space(dataset));
  H5Sselect_hyperslab(
      file_space.get(), H5S_SELECT_SET, begin.data(), nullptr, count.data(), nullptr);
  const SpaceHandle memory_space(H5Screate_simple(rank, count.data(), nullptr));
  checked(H5Dread(dataset, type, memory_space.get(), file_space.get(), H5P_DEFAULT, values),
          "read",
          dataset);
}

/// Takes texts over from the library, which allocated them one by one.
std::vector<std::string> take(std::vector<char*>& pointers) {
  std::vector<std::string> texts;
  texts.reserve(pointers.size());
  for (char* pointer : pointers) {
    texts.emplace_back(pointer == nullptr ? "" : pointer);
    H5free_memory(pointer);
  }
  return texts;
}

}  // namespace

std::vector<hsize_t> extent(hid_t dataset) {
  const SpaceHandle space(checked(H5Dget_space(dataset), "look at", dataset));
  std::vector<hsize_t> sizes(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space.get())));
  H5Sget_simple_extent_dims(space.get(), sizes.data(), nullptr);
  return sizes;
}

Values read_values(hid_t dataset, hsize_t rows) {
  const TypeHandle type(H5Dget_type(dataset));
  if (H5Tis_variable_str(type.get()) > 0) {
    std::vector<char*> pointers(rows, nullptr);
    read_first(dataset, text_type().get(), rows, pointers.data());
    return take(pointers);
  }
  if (H5Tget_class(type.get()) == H5T_INTEGER) {
    std::vector<std::int64_t> values(rows);
    read_first(dataset, H5T_NATIVE_INT64, rows, values.data());
    return values;
  }
  std::vector<double> values(rows);
  read_first(dataset, H5T_NATIVE_DOUBLE, rows, values.data());
  return values;
}

std::vector<double> read_matrix(hid_t dataset, hsize_t rows) {
  std::vector<double> values(rows * extent(dataset).back());
  read_first(dataset, H5T_NATIVE_DOUBLE, rows, values.data());
  return values;
}

std::string read_text(hid_t dataset) {
  std::vector<char*> pointers(1, nullptr);
  checked(H5Dread(dataset, text_type().get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()),
          "read the text",
          dataset);
  return take(pointers).front();
}

}  // namespace bench
