// A schedule among the ranks of one host, through memory that they share: what others need is put
// into a slot once, however many they are, and reduced from there. The vector goes through in
// segments that stay in the cache, each put before the one ahead of it is through. What has been
// taken and is needed by others goes into the output and into the next slot in one pass.
//
//   memory traffic of an all-reduce of S bytes over n ranks, per rank
//     oneshot  reads S, writes S; n S in the caches
//     direct   reads S, writes S; about 3 S in the caches
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/executor/datatype.hpp"
#include "bench/executor/far_trial.hpp"
#include "bench/executor/host_plan.hpp"
#include "bench/executor/host_window.hpp"
#include "bench/executor/segments.hpp"
#include "bench/executor/user_buffers.hpp"
#include "kernels/collective/schedule.hpp"

namespace bench {

class HostExecution {
 public:
  /// Collective over MPI_COMM_WORLD, all of it on one host.
  /// @throws Error(usage) for a schedule that is not measurable
  HostExecution(const kernels::Schedule& schedule, int rank, const Payload& payload);

  /// All of a segment is put before any of it is taken.
  [[nodiscard]] bool puts_before_it_takes() const { return whole_.size() == 1; }

  /// How far from each other the ranks are now. Collective.
  void look_again();

  /// From the input to the output. They may be one, but for an all-to-all that does not put all
  /// before it takes.
  void run(std::span<const std::byte> input, std::span<std::byte> output);

 private:
  using Steps = std::vector<HostStep>;

  [[nodiscard]] const Steps& steps_of(std::int64_t segment) const;
  void run_segment(std::int64_t segment);
  /// The own one that is put next, once nobody reads it any more.
  std::byte* free_slot();
  void put(const HostStep& step, std::size_t begin);
  void take(const HostStep& step, std::size_t begin, std::uint64_t number);

  Segments segments_;
  Steps whole_;  // of every segment but the last
  Steps last_;
  HostWindow window_;
  Payload payload_;
  FarTrial far_trial_;
  UserBuffers buffers_;
  std::uint64_t next_ = 0;  // number of the next step to put
  std::vector<const HostStep*> in_slot_;
};

}  // namespace bench
