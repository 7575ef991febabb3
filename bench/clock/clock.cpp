#include "bench/clock/clock.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "bench/clock/clock_kernels.hpp"
#include "bench/clock/clock_ranks.hpp"
#include "bench/clock/clock_round.hpp"
#include "bench/clock/stepper.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using topology::Machine;

/// Chips that go through several rounds at a time: clocks and their next values fill a quarter of
/// the L2 cache. Noisy halving and doubling, for 4096, 8192, 16384, 32768 and 65536: 26, 24, 22, 28
/// and 26 ms; every round over all chips: 53 ms.
constexpr std::int64_t inner = 16384;

/// Does every chip hear only from chips of its own block of `inner` places?
bool stays_inside(const ClockRound& round, std::size_t chips) {
  return round.repeat == 1 &&
         std::all_of(round.parts.begin(), round.parts.end(), [&](const auto& part) {
           return !part.every() && inner % part.period() == 0 &&
                  static_cast<std::int64_t>(chips) % part.period() == 0;
         });
}

/// Rounds in a row that stay inside: a block of chips goes through all of them while it is in the
/// cache.
class InnerRounds {
 public:
  InnerRounds(const Machine& machine, const ClockOptions& options)
      : machine_(&machine), options_(&options) {}

  void add(ClockRound round, std::int64_t step) {
    if (rounds_.empty()) first_step_ = step;
    rounds_.push_back(std::move(round));
  }

  void run(std::vector<Ticks>& clocks, const ChipBlock& block) {
    if (rounds_.empty()) return;
    std::vector<Stepper> steppers;
    steppers.reserve(rounds_.size());
    for (const ClockRound& round : rounds_)
      steppers.emplace_back(round, block, *machine_, *options_);
    const auto chips = static_cast<std::int64_t>(clocks.size());
#pragma omp parallel for schedule(static)
    for (std::int64_t begin = 0; begin < chips; begin += inner)
      run_block(std::span(clocks).subspan(static_cast<std::size_t>(begin),
                                          static_cast<std::size_t>(std::min(inner, chips - begin))),
                begin,
                steppers);
    rounds_.clear();
  }

 private:
  void run_block(std::span<Ticks> clocks,
                 std::int64_t origin,
                 std::span<const Stepper> steppers) const {
    std::array<Ticks, inner> other;
    const auto count = static_cast<std::int64_t>(clocks.size());
    Ticks* now = clocks.data();
    Ticks* next = other.data();
    std::int64_t step = first_step_;
    for (const Stepper& stepper : steppers) {
      for (std::int64_t begin = 0; begin < count; begin += tile)
        stepper.step_tile(now, next, {begin, std::min(begin + tile, count), origin}, step);
      std::swap(now, next);
      ++step;
    }
    if (now != clocks.data()) std::copy_n(now, count, clocks.data());
  }

  const Machine* machine_;
  const ClockOptions* options_;
  std::vector<ClockRound> rounds_;
  std::int64_t first_step_ = 0;
};

}  // namespace

topology::Seconds ClockResult::quantile(double q) const {
  std::vector<Ticks> sorted = finish;
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(sorted.size() - 1));
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
  return to_seconds(sorted[static_cast<std::size_t>(at)]);
}

std::string clock_complaint(const kernels::Schedule& schedule) {
  if (schedule.slices > 1) return "slices follow each other";
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (const kernels::Part& part : round.parts)
      if (part.exchange->to.pairing || !part.exchange->at_root.empty())
        return "some chips sit out some steps";
  return "";
}

std::vector<Ticks> start_clocks(const Machine& machine,
                                const ClockOptions& options,
                                const ChipBlock& block) {
  std::vector<Ticks> clocks(static_cast<std::size_t>(block.count()),
                            to_ticks(machine.overhead.value));
  constexpr std::uint64_t before_all = std::numeric_limits<std::uint64_t>::max();
  add_noise(clocks, 0, block, noise_key(options.seed, before_all), options.skew);
  return clocks;
}

void run_round(std::vector<Ticks>& clocks,
               std::vector<Ticks>& next,
               const ClockRound& round,
               const ChipBlock& block,
               const Machine& machine,
               std::int64_t first_step,
               const ClockOptions& options) {
  if (run_ring(clocks, block, round, first_step, options)) return;
  Stepper stepper(round, block, machine, options);
  next.resize(clocks.size());
  for (std::int64_t i = 0; i < round.repeat; ++i) {
    stepper.step(clocks, next, first_step + i);
    std::swap(clocks, next);
  }
}

ClockResult run_clock(const kernels::Schedule& schedule,
                      const Machine& machine,
                      topology::Bytes size,
                      const ClockOptions& options) {
  ClockRanks alone(machine);
  return run_clock(schedule, machine, size, options, alone);
}

ClockResult run_clock(const kernels::Schedule& schedule,
                      const Machine& machine,
                      topology::Bytes size,
                      const ClockOptions& options,
                      ClockRanks& ranks) {
  topology::expects(schedule.extents.size() == machine.levels.size(),
                    "a schedule runs on the group it was built for");
  if (const std::string why = clock_complaint(schedule); !why.empty())
    topology::usage_error("'" + schedule.algorithm + "' is predicted, not clocked, since " + why +
                          ": the clock runs schedules in one slice in which every chip takes part "
                          "in every step");
  ClockResult result{start_clocks(machine, options, ranks.block()), 0};
  std::vector<Ticks> next;
  InnerRounds inside(machine, options);
  for (const kernels::Round& round : kernels::rounds(schedule)) {
    if (ranks.moves_for(round)) inside.run(result.finish, ranks.block());
    ranks.move_for(round, result.finish);
    ClockRound plan = clock_round(round, schedule, machine, size, options, ranks.block());
    const std::int64_t step = std::exchange(result.steps, result.steps + plan.repeat);
    if (stays_inside(plan, result.finish.size())) {
      inside.add(std::move(plan), step);
      continue;
    }
    inside.run(result.finish, ranks.block());
    if (!result.finish.empty())
      run_round(result.finish, next, plan, ranks.block(), machine, step, options);
  }
  inside.run(result.finish, ranks.block());
  ranks.move_to_all(result.finish);
  return result;
}

}  // namespace bench
