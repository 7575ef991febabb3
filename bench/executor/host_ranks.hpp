// Which ranks share this host's memory, and which stand in the same place on other hosts.
#pragma once

#include <span>
#include <vector>

#include <mpi.h>

namespace bench {

/// Those of MPI_COMM_WORLD that MPI says can share memory. For tests on one machine the environment
/// variable RAINIER_RANKS_PER_HOST pretends that so many in a row have a host for themselves.
class HostRanks {
 public:
  static constexpr int elsewhere = -1;

  /// Collective over MPI_COMM_WORLD.
  HostRanks();
  /// Collective, too, but on the way of an exception.
  ~HostRanks();
  HostRanks(const HostRanks&) = delete;
  HostRanks& operator=(const HostRanks&) = delete;
  HostRanks(HostRanks&&) = delete;
  HostRanks& operator=(HostRanks&&) = delete;

  [[nodiscard]] MPI_Comm comm() const { return comm_; }

  /// Of all ranks of MPI_COMM_WORLD in `comm`, or `elsewhere`.
  [[nodiscard]] std::span<const int> places() const { return places_; }

  /// Of the host that has most of them.
  [[nodiscard]] int most() const { return most_; }

  /// Ranks on each host where all have as many, in the order of MPI_COMM_WORLD; else 0.
  [[nodiscard]] int on_each() const { return on_each_; }

  /// Those in the same place on all hosts, where all have as many.
  [[nodiscard]] MPI_Comm peers() const { return peers_; }

 private:
  MPI_Comm comm_ = MPI_COMM_NULL;
  std::vector<int> places_;
  int most_ = 0;
  int on_each_ = 0;
  MPI_Comm peers_ = MPI_COMM_NULL;
};

/// Every rank of MPI_COMM_WORLD is on this host. Collective.
[[nodiscard]] bool on_one_host();

}  // namespace bench
