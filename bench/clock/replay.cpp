#include "bench/clock/replay.hpp"

#include <utility>

namespace bench {

Replay::Replay(const kernels::Schedule& schedule,
               const topology::Machine& machine,
               topology::Bytes size,
               const ClockOptions& options)
    : schedule_(&schedule),
      machine_(&machine),
      size_(size),
      options_(&options),
      block_(ChipBlock::all(machine)),
      rounds_(kernels::rounds(schedule)) {
  for (const kernels::Round& round : rounds_)
    first_steps_.push_back(first_steps_.back() + round.repeat);
}

Replay::Clocks Replay::start() const {
  return start_clocks(*machine_, *options_, block_);
}

ClockRound Replay::plan(std::size_t r) const {
  return clock_round(rounds_[r], *schedule_, *machine_, size_, *options_, block_);
}

void Replay::run(Clocks& clocks, std::size_t r, const ClockRound& plan) {
  run_round(clocks, next_, plan, block_, *machine_, first_steps_[r], *options_);
}

void Replay::visit_back(const Visit& visit) {
  if (!rounds_.empty()) visit_back(start(), 0, rounds_.size(), visit);
}

void Replay::visit_back(Clocks before, std::size_t first, std::size_t last, const Visit& visit) {
  if (last - first == 1) return visit(first, before);
  const std::size_t middle = first + (last - first) / 2;
  Clocks later = before;
  for (std::size_t r = first; r < middle; ++r) run(later, r, plan(r));
  visit_back(std::move(later), middle, last, visit);
  visit_back(std::move(before), first, middle, visit);
}

}  // namespace bench
