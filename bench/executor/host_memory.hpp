// Memory that the ranks of one host share: as much of each, which all can read and write.
#pragma once

#include <cstddef>
#include <vector>

#include <mpi.h>

namespace bench {

class HostMemory {
 public:
  static constexpr std::size_t line = 128;  ///< of the cache, and the one fetched beside it

  /// Collective over `ranks`, all of them on one host.
  explicit HostMemory(std::size_t bytes, MPI_Comm ranks = MPI_COMM_WORLD);
  /// Collective, too, but on the way of an exception.
  ~HostMemory();
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;
  HostMemory(HostMemory&&) = delete;
  HostMemory& operator=(HostMemory&&) = delete;

  [[nodiscard]] int rank() const { return rank_; }

  [[nodiscard]] int ranks() const { return static_cast<int>(memory_.size()); }

  /// A rank's part, on a boundary of `line`.
  [[nodiscard]] std::byte* of(int rank) const { return memory_[static_cast<std::size_t>(rank)]; }

 private:
  void map(std::size_t bytes, MPI_Comm ranks) const;

  MPI_Win window_ = MPI_WIN_NULL;
  int rank_ = 0;
  std::vector<std::byte*> memory_;
};

}  // namespace bench
