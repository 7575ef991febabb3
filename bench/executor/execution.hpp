// One rank's share of a schedule as MPI messages between real buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/executor/datatype.hpp"
#include "bench/executor/plan.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/chip.hpp"

namespace bench {

class Execution {
 public:
  /// @throws Error(usage) for a schedule that is not measurable
  Execution(const kernels::Schedule& schedule, int rank, const Payload& payload);

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

  /// Sends from `source`, receives into `target`; the two are one buffer but for an all-to-all.
  void run(std::span<const std::byte> source, std::span<std::byte> target);

 private:
  void post(const Step& step, std::span<const std::byte> source, std::span<std::byte> target);
  void apply(const Step& step, std::span<std::byte> target);

  Payload payload_;
  std::vector<Step> steps_;
  std::vector<std::byte> packed_;   // sends of more than one piece
  std::vector<std::byte> arrived_;  // receives that are reduced or scattered
};

}  // namespace bench
