// An HDF5 identifier that closes itself.
#pragma once

#include <utility>

#include <hdf5.h>

namespace bench {

template <herr_t (*Close)(hid_t)>
class Handle {
 public:
  Handle() = default;

  explicit Handle(hid_t id) : id_(id) {}

  ~Handle() { reset(); }

  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, none)) {}

  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) {
      reset();
      id_ = std::exchange(other.id_, none);
    }
    return *this;
  }

  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  [[nodiscard]] hid_t get() const { return id_; }

 private:
  static constexpr hid_t none = -1;

  void reset() noexcept {
    if (id_ >= 0) Close(std::exchange(id_, none));
  }

  hid_t id_ = none;
};

using FileHandle = Handle<H5Fclose>;
using GroupHandle = Handle<H5Gclose>;
using DatasetHandle = Handle<H5Dclose>;
using SpaceHandle = Handle<H5Sclose>;
using TypeHandle = Handle<H5Tclose>;
using AttributeHandle = Handle<H5Aclose>;
using PropertyHandle = Handle<H5Pclose>;
using ObjectHandle = Handle<H5Oclose>;

}  // namespace bench
