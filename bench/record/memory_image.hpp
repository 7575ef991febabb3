// The bytes of an HDF5 file that lives in memory, ours to look at while it is open and after.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <hdf5.h>

namespace bench {

class MemoryImage {
 public:
  MemoryImage() = default;
  ~MemoryImage() = default;
  MemoryImage(const MemoryImage&) = delete;  // HDF5 knows its address
  MemoryImage& operator=(const MemoryImage&) = delete;
  MemoryImage(MemoryImage&&) = delete;
  MemoryImage& operator=(MemoryImage&&) = delete;

  /// Makes a file created with these access properties live here. The image outlives the file.
  void hold(hid_t access);

  /// A file opened with these access properties, which `hold` has seen, has this content.
  static void begin_with(hid_t access, std::span<std::byte> content);

  /// The first `size` bytes; HDF5 reserves more than the file has.
  [[nodiscard]] std::span<const std::byte> bytes(std::size_t size) const;

 private:
  static void* allocate(size_t size, H5FD_file_image_op_t operation, void* image);
  static void* reallocate(void* old, size_t size, H5FD_file_image_op_t operation, void* image);

  std::vector<std::byte> bytes_;
};

}  // namespace bench
