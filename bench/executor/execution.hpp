// One rank's share of a schedule as MPI messages between real buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <mpi.h>

#include "bench/executor/datatype.hpp"
#include "bench/executor/plan.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/chip.hpp"

namespace bench {

class Execution {
 public:
  /// @throws Error(usage) for a schedule that is not measurable
  Execution(const kernels::Schedule& schedule, int rank, const Payload& payload);
  ~Execution() = default;
  Execution(const Execution&) = delete;  // parts point at messages of the steps
  Execution& operator=(const Execution&) = delete;
  Execution(Execution&&) = default;
  Execution& operator=(Execution&&) = default;

  [[nodiscard]] const std::vector<PlanStep>& steps() const { return steps_; }

  /// Sends from `source`, receives into `target`; the two are one buffer but for an all-to-all.
  void run(std::span<const std::byte> source, std::span<std::byte> target);

 private:
  /// Messages are sent in parts, so that one is reduced while the next is on its way.
  struct Part {
    const Message* message = nullptr;
    std::size_t at = 0;  ///< in the message
    std::size_t bytes = 0;
    std::size_t scratch = 0;  ///< where the message is, if it does not lie or land in the vector
  };

  /// A step's parts, receives first.
  struct Traffic {
    std::vector<Part> receives;
    std::vector<Part> sends;
    bool reads_what_it_writes = false;  ///< sends must end before what arrived is applied
  };

  [[nodiscard]] static Traffic traffic_of(const PlanStep& step);
  void post(const Traffic& traffic,
            std::span<const std::byte> source,
            std::span<std::byte> target,
            std::span<MPI_Request> requests);
  void pack(const Traffic& traffic, std::span<const std::byte> source);
  void apply(const Part& part, std::span<std::byte> target);

  Payload payload_;
  std::vector<PlanStep> steps_;
  std::vector<Traffic> traffic_;       // of each step
  std::vector<MPI_Request> requests_;  // of the longest
  std::vector<std::byte> packed_;      // sends of more than one piece
  std::vector<std::byte> arrived_;     // receives that are reduced or scattered
};

}  // namespace bench
