// A run of the clock whose rounds can be visited from the last to the first.
//
// Clocks are run again, not kept: to the middle of the rounds, for the second half, then for the
// first, and so on within each. Of n rounds the clocks before log2 n are kept at a time, and each
// is run about log2(n) / 2 times more.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "bench/clock/chip_block.hpp"
#include "bench/clock/clock_round.hpp"

namespace bench {

class Replay {
 public:
  /// The clocks of all chips.
  using Clocks = std::vector<Ticks>;

  Replay(const kernels::Schedule& schedule,
         const topology::Machine& machine,
         topology::Bytes size,
         const ClockOptions& options);

  [[nodiscard]] std::size_t rounds() const { return rounds_.size(); }

  /// Number of a round's first step; of `rounds()`, all steps.
  [[nodiscard]] std::int64_t first_step(std::size_t r) const { return first_steps_[r]; }

  [[nodiscard]] Clocks start() const;
  [[nodiscard]] ClockRound plan(std::size_t r) const;
  void run(Clocks& clocks, std::size_t r, const ClockRound& plan);

  /// Called for each round with the clocks before it, the last round first.
  using Visit = std::function<void(std::size_t r, const Clocks& before)>;
  void visit_back(const Visit& visit);

 private:
  void visit_back(Clocks before, std::size_t first, std::size_t last, const Visit& visit);

  const kernels::Schedule* schedule_;
  const topology::Machine* machine_;
  topology::Bytes size_;
  const ClockOptions* options_;
  ChipBlock block_;
  std::vector<kernels::Round> rounds_;
  std::vector<std::int64_t> first_steps_{0};
  Clocks next_;
};

}  // namespace bench
