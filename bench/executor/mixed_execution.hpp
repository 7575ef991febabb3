// A schedule among the ranks of several hosts, through memory that those of one host share and by
// messages between hosts. What others need is put into a slot, whoever they are: ranks of this host
// read it there, messages to other hosts are sent from there.
//
// Two segments are under way at a time, half a schedule apart: a step of the one is carried out
// while the messages of the other travel. Ranks do everything in the same order, so nobody waits
// for what comes after its own turn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <mpi.h>

#include "bench/executor/datatype.hpp"
#include "bench/executor/host_ranks.hpp"
#include "bench/executor/host_window.hpp"
#include "bench/executor/mixed_plan.hpp"
#include "bench/executor/segments.hpp"
#include "bench/executor/user_buffers.hpp"
#include "kernels/collective/schedule.hpp"

namespace bench {

class MixedExecution {
 public:
  /// Collective over MPI_COMM_WORLD.
  /// @throws Error(usage) for a schedule that is not measurable
  MixedExecution(const kernels::Schedule& schedule, int rank, const Payload& payload);

  /// All of a segment is put before any of it is taken.
  [[nodiscard]] bool puts_before_it_takes() const { return whole_.size() == 1; }

  /// From the input to the output. They may be one, but for an all-to-all that does not put all
  /// before it takes.
  void run(std::span<const std::byte> input, std::span<std::byte> output);

 private:
  using Steps = std::vector<MixedStep>;

  /// A segment under way.
  struct Flight {
    std::uint64_t number = 0;        // of its last put
    std::vector<std::byte> packed;   // messages of several pieces
    std::vector<std::byte> arrived;  // all of a step
    std::vector<MPI_Request> requests;
  };

  /// What a slot was last used for.
  struct Use {
    const MixedStep* step = nullptr;
    std::uint64_t taken = 0;  // who has put as many steps has taken this one
  };

  MixedExecution(const kernels::Schedule& schedule,
                 int rank,
                 const Payload& payload,
                 const HostRanks& host);

  [[nodiscard]] Flight& flight_of(std::int64_t segment) {
    return flights_[static_cast<std::size_t>(segment) % flights_.size()];
  }

  [[nodiscard]] std::size_t begin_of(std::int64_t segment) const {
    return static_cast<std::size_t>(segment) * segments_.stride;
  }

  [[nodiscard]] const MixedStep& step_of(std::int64_t segment, std::int64_t step) const;
  void put(std::int64_t segment, std::int64_t step);
  void take(std::int64_t segment, std::int64_t step);
  void wait_for(int place, std::uint64_t steps);

  Segments segments_;
  Steps whole_;  // of every segment but the last
  Steps last_;
  HostWindow window_;
  UserBuffers buffers_;
  std::array<Flight, 2> flights_;
  std::uint64_t next_ = 0;  // number of the next step to put
  std::vector<Use> in_slot_;
};

}  // namespace bench
