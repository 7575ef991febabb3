// The results file while it grows: HDF5 in memory, mirrored page by page into NAME.partial.
//
// Why a mirror: HDF5 1.10 cannot recover from a failed write. After "No space left on device" its
// H5Fclose, its exit handler and, under MPI, MPI_Finalize fail, loop or crash. In memory its writes
// do not fail; the disk is written by us, in an order that keeps the file readable at every step.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "bench/record/descriptor.hpp"
#include "bench/record/handle.hpp"
#include "bench/record/memory_image.hpp"

namespace bench {

class PartialFile {
 public:
  enum class Start { empty, resume };

  /// Creates (or empties) `path`, or goes on with what a run that was cut off has left there; locks
  /// it against other runs.
  /// @throws Error(environment) when it cannot be written or read, or another run has it.
  explicit PartialFile(std::filesystem::path path, Start start = Start::empty);
  ~PartialFile() = default;
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;
  PartialFile(PartialFile&&) = delete;
  PartialFile& operator=(PartialFile&&) = delete;

  [[nodiscard]] hid_t id() const { return file_.get(); }

  /// Does it go on with what was there?
  [[nodiscard]] bool resumed() const { return resumed_; }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  /// Brings the disk up to date. What was saved before survives a failure and a SIGKILL.
  /// @throws Error(environment): disk full, quota, limit, I/O error.
  void save();

  /// Makes it durable and gives it its final name. Nothing can be written after that.
  void publish(const std::filesystem::path& target);

 private:
  using Bytes = std::span<const std::byte>;

  void read_saved();
  [[nodiscard]] std::size_t size() const;
  void write_changes(Bytes next);
  void extend(Bytes next);
  void overwrite(Bytes next);
  void write(Bytes from, std::size_t begin, std::size_t end);
  [[noreturn]] void fail(const char* action) const;

  std::filesystem::path path_;
  Descriptor descriptor_;
  MemoryImage image_;
  FileHandle file_;
  bool resumed_ = false;
  std::vector<std::byte> saved_;  ///< what is on disk
};

}  // namespace bench
