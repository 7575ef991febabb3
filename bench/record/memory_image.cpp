#include "bench/record/memory_image.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "bench/record/hdf5_error.hpp"

namespace bench {

namespace {

constexpr std::size_t step = std::size_t{1} << 20U;

/// Property lists hold copies of an image to begin with, which are not the file.
bool in_properties(H5FD_file_image_op_t operation) {
  return operation == H5FD_FILE_IMAGE_OP_PROPERTY_LIST_SET ||
         operation == H5FD_FILE_IMAGE_OP_PROPERTY_LIST_COPY ||
         operation == H5FD_FILE_IMAGE_OP_PROPERTY_LIST_GET ||
         operation == H5FD_FILE_IMAGE_OP_PROPERTY_LIST_CLOSE;
}

}  // namespace

void MemoryImage::hold(hid_t access) {
  checked(H5Pset_fapl_core(access, step, false), "keep a file in memory", -1);
  H5FD_file_image_callbacks_t callbacks{};
  callbacks.image_malloc = allocate;
  callbacks.image_realloc = reallocate;
  callbacks.image_memcpy =
      [](void* to, const void* from, size_t size, H5FD_file_image_op_t, void*) {
        return std::memcpy(to, from, size);
      };
  callbacks.image_free = [](void* image, H5FD_file_image_op_t operation, void*) -> herr_t {
    if (in_properties(operation)) std::free(image);
    return 0;
  };
  callbacks.udata_copy = [](void* image) { return image; };
  callbacks.udata_free = [](void*) -> herr_t { return 0; };
  callbacks.udata = this;
  checked(H5Pset_file_image_callbacks(access, &callbacks), "keep a file in memory", -1);
}

std::span<const std::byte> MemoryImage::bytes(std::size_t size) const {
  return std::span(bytes_).first(std::min(size, bytes_.size()));
}

void MemoryImage::begin_with(hid_t access, std::span<std::byte> content) {
  checked(H5Pset_file_image(access, content.data(), content.size()), "read a file", -1);
}

void* MemoryImage::allocate(size_t size, H5FD_file_image_op_t operation, void* image) {
  if (in_properties(operation)) return std::malloc(size);
  return reallocate(nullptr, size, operation, image);
}

void* MemoryImage::reallocate(void* /*old*/,
                              size_t size,
                              H5FD_file_image_op_t /*operation*/,
                              void* image) {
  auto& bytes = static_cast<MemoryImage*>(image)->bytes_;
  try {
    bytes.resize(size);  // zeros, so that gaps in the file are the same in every run
  } catch (const std::exception&) {
    return nullptr;  // HDF5 is C and reports it as its own error
  }
  return bytes.data();
}

}  // namespace bench
