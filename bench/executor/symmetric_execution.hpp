// The direct schedule where the vectors themselves are in memory that the ranks of a host share, at
// the same place for each: everybody reduces its own chunk from all inputs and writes it into all
// outputs. Nothing is copied on the way.
//
//   memory traffic of an all-reduce of S bytes, per rank: reads S, writes S
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/executor/datatype.hpp"
#include "bench/executor/far_trial.hpp"
#include "bench/executor/host_memory.hpp"
#include "bench/executor/host_window.hpp"
#include "bench/executor/past_cache.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/chip.hpp"

namespace bench {

class SymmetricExecution {
 public:
  /// Collective over MPI_COMM_WORLD. @param vectors outlives it
  /// @throws Error(usage) for another schedule than `direct`
  SymmetricExecution(const kernels::Schedule& schedule,
                     const Payload& payload,
                     const HostMemory& vectors);

  [[nodiscard]] static bool puts_before_it_takes() { return false; }

  /// How far from each other the ranks are now. Collective.
  void look_again();

  /// Both in `vectors`; they may be one but for an all-to-all.
  void run(std::span<const std::byte> input, std::span<std::byte> output);

 private:
  [[nodiscard]] std::size_t begin_of(int chunk) const;
  void meet();
  void reduce_chunk(std::size_t input, std::size_t output, bool everywhere);
  /// To the outputs of the ranks that are `first` to `end` - 1 places further on.
  void copy_to_outputs(
      const std::byte* from, std::size_t at, std::size_t bytes, int first, int end) const;
  void send_chunks(std::size_t input, std::size_t output);

  kernels::Collective collective_;
  Payload payload_;
  FarTrial far_trial_;
  PastCache around_;
  const HostMemory* vectors_;
  HostWindow meeting_;
  std::uint64_t met_ = 0;
  std::vector<std::byte> sum_;
  std::vector<const std::byte*> operands_;
};

}  // namespace bench
