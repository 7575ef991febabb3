// Memory that the ranks of one host share: as much of each, which all can read and write.
#pragma once

#include <cstddef>
#include <vector>

#include <mpi.h>

namespace bench {

/// Every rank of MPI_COMM_WORLD is on this host. Collective.
[[nodiscard]] bool on_one_host();

class HostMemory {
 public:
  static constexpr std::size_t line = 128;  ///< of the cache, and the one fetched beside it

  /// Collective over MPI_COMM_WORLD, all of it on one host.
  explicit HostMemory(std::size_t bytes);
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
  void map(std::size_t bytes) const;

  MPI_Win window_ = MPI_WIN_NULL;
  int rank_ = 0;
  std::vector<std::byte*> memory_;
};

}  // namespace bench
