// A schedule among the ranks of one host: what a rank puts into its slot in each step, and what it
// takes from the slots of others.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "bench/executor/segments.hpp"
#include "kernels/collective/schedule.hpp"

namespace bench {

/// From the user's memory into the own slot.
struct Put {
  bool from_output = false;  ///< else still from the input
  std::size_t user = 0;      ///< byte of the segment there
  std::size_t slot = 0;
  std::size_t bytes = 0;
};

/// What a take reads: a rank's slot, or the own memory.
struct Operand {
  int rank = 0;
  bool own = false;
  bool from_output = false;  ///< else from the own input
  std::size_t at = 0;        ///< byte of the slot, or of the segment in the own memory
};

/// Into the output: one operand copied, or several reduced in the order of their ranks, which is
/// the same on every rank.
struct Take {
  std::size_t user = 0;
  std::size_t bytes = 0;
  bool last = false;  ///< this call does not touch these bytes again
  std::vector<Operand> from;
  std::optional<std::size_t> passed_on;  ///< byte of the next step's own slot that gets it, too
};

struct HostStep {
  std::vector<Put> puts;
  std::vector<Take> takes;
  std::vector<int> readers;  ///< of the own slot
  std::vector<int> writers;  ///< of the slots that are read
};

/// Who writes into a slot what a step has taken and the next one puts.
enum class PassedOn { by_put, by_take };

/// What is not reduced is read from the input: no copy of it is made first. What the rank has and
/// keeps is copied beside the first step. @throws Error(usage) for a schedule that is not
/// measurable, see `plan`
[[nodiscard]] std::vector<HostStep> host_plan(const kernels::Schedule& schedule,
                                              int rank,
                                              const Segment& segment,
                                              PassedOn passed_on = PassedOn::by_put);

}  // namespace bench
