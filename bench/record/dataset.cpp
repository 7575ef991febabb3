#include "bench/record/dataset.hpp"

#include <limits>
#include <numeric>
#include <vector>

#include <hdf5_hl.h>

#include "bench/record/attribute.hpp"
#include "bench/record/hdf5_error.hpp"

namespace bench {

namespace {

// Texts are converted through a buffer that HDF5 allocates, clears and frees at every write: its
// default of 1 MiB would take most of the time of saving a row.
constexpr std::size_t conversion_buffer = std::size_t{16} << 10U;

void set_fill_value(hid_t properties, ColumnType type) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr std::int64_t absent = -1;
  if (type == ColumnType::int64) H5Pset_fill_value(properties, H5T_NATIVE_INT64, &absent);
  if (type == ColumnType::float64 || type == ColumnType::samples)
    H5Pset_fill_value(properties, H5T_NATIVE_DOUBLE, &nan);
}

PropertyHandle dataset_properties(ColumnType type) {
  PropertyHandle properties(H5Pcreate(H5P_DATASET_CREATE));
  if (type == ColumnType::samples)
    H5Pset_chunk(properties.get(), 2, sample_chunk.data());
  else
    H5Pset_chunk(properties.get(), 1, &chunk_rows);
  set_fill_value(properties.get(), type);
  H5Pset_attr_creation_order(properties.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  H5Pset_obj_track_times(properties.get(), false);
  return properties;
}

}  // namespace

TypeHandle memory_type(ColumnType type) {
  if (type == ColumnType::text) return text_type();
  return TypeHandle(H5Tcopy(type == ColumnType::int64 ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE));
}

DatasetHandle create_dataset(hid_t group, const Column& column) {
  constexpr std::array<hsize_t, 2> empty{0, 0};
  constexpr std::array<hsize_t, 2> unlimited{H5S_UNLIMITED, H5S_UNLIMITED};
  const int rank = column.type == ColumnType::samples ? 2 : 1;
  const SpaceHandle space(H5Screate_simple(rank, empty.data(), unlimited.data()));
  const TypeHandle type = memory_type(column.type);
  const PropertyHandle properties = dataset_properties(column.type);
  DatasetHandle dataset(checked(
      H5Dcreate2(
          group, column.name, type.get(), space.get(), H5P_DEFAULT, properties.get(), H5P_DEFAULT),
      "create the column",
      group,
      column.name));
  write_attribute(dataset.get(), "units", column.units);
  write_attribute(dataset.get(), "long_name", column.long_name);
  return dataset;
}

DatasetHandle create_scale(hid_t group, const char* name, const char* long_name) {
  DatasetHandle scale = create_dataset(group, {name, ColumnType::int64, "1", long_name});
  checked(H5DSset_scale(scale.get(), name), "make a dimension scale of", scale.get());
  return scale;
}

DatasetHandle open_dataset(hid_t group, const char* name) {
  return DatasetHandle(checked(H5Dopen2(group, name, H5P_DEFAULT), "open", group, name));
}

void set_extent(hid_t dataset, std::initializer_list<hsize_t> extents) {
  checked(H5Dset_extent(dataset, extents.begin()), "set the size of", dataset);
}

void write_block(hid_t dataset, hid_t type, hsize_t begin, hsize_t count, const void* values) {
  const hsize_t end = begin + count;
  checked(H5Dset_extent(dataset, &end), "grow", dataset);
  const SpaceHandle file_space(H5Dget_space(dataset));
  H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, &begin, nullptr, &count, nullptr);
  const SpaceHandle memory_space(H5Screate_simple(1, &count, nullptr));
  const PropertyHandle transfer(H5Pcreate(H5P_DATASET_XFER));
  H5Pset_buffer(transfer.get(), conversion_buffer, nullptr, nullptr);
  checked(H5Dwrite(dataset, type, memory_space.get(), file_space.get(), transfer.get(), values),
          "write",
          dataset);
}

void extend_scale(hid_t scale, std::int64_t begin, std::int64_t end) {
  if (end <= begin) return;
  std::vector<std::int64_t> values(static_cast<std::size_t>(end - begin));
  std::iota(values.begin(), values.end(), begin);
  write_block(scale, H5T_NATIVE_INT64, static_cast<hsize_t>(begin), values.size(), values.data());
}

void write_text(hid_t group, const std::string& name, const std::string& content) {
  const SpaceHandle scalar(H5Screate(H5S_SCALAR));
  const TypeHandle type = text_type();
  const PropertyHandle properties(H5Pcreate(H5P_DATASET_CREATE));
  H5Pset_obj_track_times(properties.get(), false);
  const DatasetHandle dataset(checked(H5Dcreate2(group,
                                                 name.c_str(),
                                                 type.get(),
                                                 scalar.get(),
                                                 H5P_DEFAULT,
                                                 properties.get(),
                                                 H5P_DEFAULT),
                                      "create the text",
                                      group,
                                      name));
  const char* pointer = content.c_str();
  checked(H5Dwrite(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, &pointer),
          "write",
          dataset.get());
}

}  // namespace bench
