#include "bench/record/partial_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "bench/record/group.hpp"
#include "bench/record/hdf5_error.hpp"
#include "topology/error.hpp"

namespace bench {

namespace {

constexpr std::size_t piece = 4096;
constexpr std::size_t bridge = 16 * piece;  // unchanged bytes cheaper to write than to go around

PropertyHandle access_in(MemoryImage& image) {
  PropertyHandle access(H5Pcreate(H5P_FILE_ACCESS));
  image.hold(access.get());
  // Tables that outlive the file must not keep it open.
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  // 1.8 as the oldest format keeps older tools and MATLAB reading.
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V110);
  return access;
}

FileHandle create_in(MemoryImage& image, const std::string& name) {
  const PropertyHandle access = access_in(image);
  const PropertyHandle creation(H5Pcreate(H5P_FILE_CREATE));
  set_group_properties(creation.get());
  return FileHandle(checked(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()),
                            "create the file",
                            -1,
                            name));
}

/// HDF5 refuses an image under the name of a file that is there.
FileHandle open_in(MemoryImage& image, const std::string& name, std::span<std::byte> content) {
  const PropertyHandle access = access_in(image);
  MemoryImage::begin_with(access.get(), content);
  return FileHandle(checked(H5Fopen((name + " in memory").c_str(), H5F_ACC_RDWR, access.get()),
                            "go on with the unfinished file",
                            -1,
                            name));
}

void sync_folder(const std::filesystem::path& file) {
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  // If not: the file itself is safe, only its new name may be lost in a power cut.
  if (descriptor.get() >= 0) ::fsync(descriptor.get());
}

}  // namespace

PartialFile::PartialFile(std::filesystem::path path, Start start)
    : path_(std::move(path)),
      descriptor_(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (descriptor_.get() < 0) fail("cannot create the file");
  if (::flock(descriptor_.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw topology::Error(topology::ErrorKind::environment,
                          path_.string() + ": another run is writing this file");
  silence_hdf5();
  if (start == Start::resume) {
    resumed_ = true;
    read_saved();
    file_ = open_in(image_, path_.string(), saved_);
    return;
  }
  if (::ftruncate(descriptor_.get(), 0) != 0) fail("cannot empty the file");
  file_ = create_in(image_, path_.string());
}

void PartialFile::read_saved() {
  const off_t end = ::lseek(descriptor_.get(), 0, SEEK_END);
  if (end < 0) fail("cannot measure the file");
  saved_.resize(static_cast<std::size_t>(end));
  for (std::size_t at = 0; at < saved_.size();) {
    const ssize_t got =
        ::pread(descriptor_.get(), &saved_[at], saved_.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) fail("cannot read");
    at += static_cast<std::size_t>(got);
  }
}

void PartialFile::save() {
  checked(H5Fflush(id(), H5F_SCOPE_GLOBAL), "flush", id());
  write_changes(image_.bytes(size()));
}

void PartialFile::publish(const std::filesystem::path& target) {
  save();
  const std::size_t last = size();
  file_ = FileHandle();  // closing takes the mark "open for writing" out of the image
  write_changes(image_.bytes(last));
  if (::ftruncate(descriptor_.get(), static_cast<off_t>(last)) != 0) fail("cannot cut the file");
  if (::fsync(descriptor_.get()) != 0) fail("cannot bring the file to disk");
  std::error_code error;
  std::filesystem::rename(path_, target, error);
  if (error)
    throw topology::Error(topology::ErrorKind::environment,
                          path_.string() + ": cannot rename to " + target.string() + ": " +
                              error.message() + "; the complete results stay in the former");
  sync_folder(target);
}

std::size_t PartialFile::size() const {
  return static_cast<std::size_t>(
      checked(H5Fget_file_image(id(), nullptr, 0), "measure the file", id()));
}

void PartialFile::write_changes(Bytes next) {
  // New bytes first: that is what a full disk refuses, and until the old pages point to them the
  // file is the one saved before.
  extend(next);
  overwrite(next);
}

void PartialFile::extend(Bytes next) {
  if (next.size() <= saved_.size()) return;
  try {
    write(next, saved_.size(), next.size());
  } catch (const topology::Error&) {
    if (::ftruncate(descriptor_.get(), static_cast<off_t>(saved_.size())) != 0)
      fail("cannot write, nor go back to the points before");
    throw;
  }
}

void PartialFile::overwrite(Bytes next) {
  const std::size_t size = std::min(saved_.size(), next.size());
  const auto same = [&](std::size_t begin) {
    return std::memcmp(&saved_[begin], &next[begin], std::min(piece, size - begin)) == 0;
  };
  std::size_t begin = 0;
  std::size_t end = 0;  // [begin, end) has changed and waits to be written
  for (std::size_t at = 0; at < size; at += piece) {
    if (same(at)) continue;
    if (at > end + bridge) {
      write(next, begin, end);
      begin = at;
    }
    if (end == 0) begin = at;
    end = std::min(at + piece, size);
  }
  write(next, begin, end);
}

void PartialFile::write(Bytes from, std::size_t begin, std::size_t end) {
  for (std::size_t at = begin; at < end;) {
    const ssize_t written =
        ::pwrite(descriptor_.get(), &from[at], end - at, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) fail("cannot write");
    at += static_cast<std::size_t>(written);
  }
  saved_.resize(std::max(saved_.size(), end));
  std::copy(from.begin() + static_cast<std::ptrdiff_t>(begin),
            from.begin() + static_cast<std::ptrdiff_t>(end),
            saved_.begin() + static_cast<std::ptrdiff_t>(begin));
}

void PartialFile::fail(const char* action) const {
  const int error = errno;
  throw topology::Error(topology::ErrorKind::environment,
                        path_.string() + ": " + action + ": " + std::strerror(error));
}

}  // namespace bench
