// Whether what a rank writes for others gets there faster around the caches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <mpi.h>

#include "bench/executor/host_window.hpp"

namespace bench {

/// Ranks under different last caches take lines that the other one has read back one by one (2 GB/s
/// where memory gives 12). A guest of a hypervisor is moved between near and far, so that one look
/// is not enough.
class FarTrial {
 public:
  /// Collective over `ranks`, all of them on one host.
  /// @param bytes of the vectors
  FarTrial(std::size_t bytes, MPI_Comm ranks);

  /// A trial of now, about a millisecond: a part of a vector written and read by another rank, both
  /// ways in turns. The same on all ranks; collective. For tests the environment variable
  /// RAINIER_OTHERS says "far" or "near".
  [[nodiscard]] bool far();

 private:
  /// Seconds of the slowest rank.
  double exchange(bool around);

  MPI_Comm ranks_;
  std::optional<bool> known_;  ///< nothing to try
  std::optional<HostWindow> window_;
  std::vector<std::byte> mine_;
  std::vector<std::byte> sum_;
  int from_ = 0;
  int to_ = 0;
  std::uint64_t step_ = 0;
};

}  // namespace bench
