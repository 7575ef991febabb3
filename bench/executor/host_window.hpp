// Slots to put data into, where all ranks of a host can read it, and a counter of what each rank
// has put.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include <mpi.h>

#include "bench/executor/host_memory.hpp"

namespace bench {

class HostWindow {
 public:
  /// Collective over `ranks`, all of them on one host.
  explicit HostWindow(std::size_t slot_bytes, MPI_Comm ranks = MPI_COMM_WORLD);

  /// How many slots a rank has and uses in turns.
  [[nodiscard]] std::uint64_t slots() const { return slots_; }

  [[nodiscard]] int rank() const { return memory_.rank(); }

  [[nodiscard]] int ranks() const { return memory_.ranks(); }

  /// Where `rank` puts what it sends in a step.
  [[nodiscard]] std::byte* slot(int rank, std::uint64_t step) const {
    return memory_.of(rank) + HostMemory::line + step % slots_ * slot_bytes_;
  }

  /// All steps before `steps` are put.
  void publish(std::uint64_t steps) { counter(rank()).store(steps, std::memory_order_release); }

  /// Until `rank` has put all steps before `steps`.
  void wait_for(int rank, std::uint64_t steps) {
    if (seen_[static_cast<std::size_t>(rank)] < steps) wait(rank, steps, [] {});
  }

  /// The same, with something to do between two looks at the counter.
  template <class Meanwhile>
  void wait_for(int rank, std::uint64_t steps, const Meanwhile& meanwhile) {
    if (seen_[static_cast<std::size_t>(rank)] < steps) wait(rank, steps, meanwhile);
  }

 private:
  using Counter = std::atomic<std::uint64_t>;

  [[nodiscard]] Counter& counter(int rank) const {
    return *reinterpret_cast<Counter*>(memory_.of(rank));
  }

  template <class Meanwhile>
  void wait(int rank, std::uint64_t steps, const Meanwhile& meanwhile) {
    std::uint64_t& seen = seen_[static_cast<std::size_t>(rank)];
    for (int polls = 0;; ++polls) {
      seen = counter(rank).load(std::memory_order_acquire);
      if (seen >= steps) return;
      meanwhile();
      if (polls < patience_) continue;
      std::this_thread::yield();
      polls = 0;
    }
  }

  std::size_t slot_bytes_;
  std::uint64_t slots_;
  HostMemory memory_;
  int patience_ = 0;                 // polls before the core is given to another rank
  std::vector<std::uint64_t> seen_;  // the counters when they were last read
};

}  // namespace bench
