#include "bench/clock/clock.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <span>
#include <string>

#include "bench/clock/clock_kernels.hpp"
#include "bench/clock/clock_ranks.hpp"
#include "bench/clock/clock_round.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using topology::Machine;

/// Chips taken at a time: clocks, their next values and a copy of their senders' fit the L2 cache.
constexpr std::int64_t tile = 4096;

/// Senders of a run of chips are next to each other as well.
struct Run {
  std::int64_t to = 0;
  std::int64_t from = 0;
  std::int64_t length = 0;
};

/// Of one period of a part.
std::vector<Run> runs_of(const ClockPart& part) {
  std::vector<Run> runs;
  for (std::int64_t digit = 0; digit < part.extent; ++digit) {
    const Run next{
        digit * part.stride, part.senders(digit, part.extent) * part.stride, part.stride};
    const bool continues = !runs.empty() && runs.back().from + runs.back().length == next.from;
    if (continues)
      runs.back().length += next.length;
    else
      runs.push_back(next);
  }
  return runs;
}

/// Clocks of the senders, one part at a time.
class Senders {
 public:
  explicit Senders(const ClockPart& part) : part_(&part) {
    if (part.every()) return;
    runs_ = runs_of(part);
    if (part.period() <= tile) spell_out();
  }

  /// The latest clock of each group takes the place of its members'.
  void gather_groups(const std::vector<Ticks>& now,
                     const ChipBlock& block,
                     const Machine& machine) {
    if (!part_->every()) return;
    latest_ = now;
    for (const std::size_t d : part_->exchange->to.digits)
      spread(block.places(machine.stride(d)), machine.levels[d].extent);
  }

  /// Those of the chips from `begin` on, copied to `space` unless they lie side by side.
  [[nodiscard]] const Ticks* of(const std::vector<Ticks>& now,
                                std::int64_t begin,
                                std::span<Ticks> space) const {
    if (part_->every()) return &latest_[static_cast<std::size_t>(begin)];
    const auto end = begin + static_cast<std::int64_t>(space.size());
    if (!sources_.empty()) return copy_by_chip(now, begin, space);
    for (std::int64_t chip = begin; chip < end;) {
      const std::int64_t corner = chip / part_->period() * part_->period();
      const Run& run = run_at(chip - corner);
      const std::int64_t inside = chip - corner - run.to;
      const std::int64_t length = std::min(run.length - inside, end - chip);
      const Ticks* from = &now[static_cast<std::size_t>(corner + run.from + inside)];
      if (length == end - begin) return from;
      std::copy_n(from, length, &space[static_cast<std::size_t>(chip - begin)]);
      chip += length;
    }
    return space.data();
  }

  [[nodiscard]] Ticks of(const std::vector<Ticks>& now, std::int64_t chip) const {
    const auto c = static_cast<std::size_t>(chip);
    return part_->every() ? latest_[c] : now[static_cast<std::size_t>(part_->sender_of(chip))];
  }

 private:
  /// Runs of a few chips are faster taken chip by chip.
  void spell_out() {
    for (const Run& run : runs_)
      for (std::int64_t i = 0; i < run.length; ++i)
        sources_.push_back(static_cast<std::int32_t>(run.from + i));
  }

  [[nodiscard]] const Ticks* copy_by_chip(const std::vector<Ticks>& now,
                                          std::int64_t begin,
                                          std::span<Ticks> space) const {
    const auto period = sources_.size();
    std::size_t offset = static_cast<std::size_t>(begin) % period;
    const Ticks* corner = &now[static_cast<std::size_t>(begin) - offset];
    for (std::size_t done = 0; done < space.size(); corner += period) {
      const std::size_t count = std::min(period - offset, space.size() - done);
      const std::int32_t* const source = &sources_[offset];
      Ticks* const to = &space[done];
      for (std::size_t i = 0; i < count; ++i) to[i] = corner[source[i]];
      done += count;
      offset = 0;
    }
    return space.data();
  }

  [[nodiscard]] const Run& run_at(std::int64_t offset) const {
    const auto after =
        std::upper_bound(runs_.begin(), runs_.end(), offset, [](std::int64_t at, const Run& run) {
          return at < run.to;
        });
    return *std::prev(after);
  }

  void spread(std::int64_t stride, std::int64_t extent) {
    const auto lines = static_cast<std::int64_t>(latest_.size()) / extent;
#pragma omp parallel for schedule(static)
    for (std::int64_t i = 0; i < lines; ++i) {
      Ticks* const corner =
          &latest_[static_cast<std::size_t>(i / stride * stride * extent + i % stride)];
      Ticks most = *corner;
      for (std::int64_t v = 1; v < extent; ++v) most = std::max(most, corner[v * stride]);
      for (std::int64_t v = 0; v < extent; ++v) corner[v * stride] = most;
    }
  }

  const ClockPart* part_;
  std::vector<Run> runs_;
  std::vector<std::int32_t> sources_;  // of one period, where that is short
  std::vector<Ticks> latest_;          // where everybody sends to everybody
};

/// One round over all chips.
class Stepper {
 public:
  Stepper(const ClockRound& round,
          const ChipBlock& block,
          const Machine& machine,
          const ClockOptions& options)
      : round_(&round), block_(block), machine_(&machine), options_(&options) {
    for (const ClockPart& part : round.parts) senders_.emplace_back(part);
  }

  void step(const std::vector<Ticks>& now, std::vector<Ticks>& next, std::int64_t number) {
    key_ = noise_key(options_->seed, static_cast<std::uint64_t>(number));
    for (Senders& senders : senders_) senders.gather_groups(now, block_, *machine_);
    const auto chips = static_cast<std::int64_t>(now.size());
#pragma omp parallel for schedule(static)
    for (std::int64_t begin = 0; begin < chips; begin += tile)
      step_tile(now, next, begin, std::min(begin + tile, chips));
  }

 private:
  void step_tile(const std::vector<Ticks>& now,
                 std::vector<Ticks>& next,
                 std::int64_t begin,
                 std::int64_t end) const {
    std::array<Ticks, tile> space;
    const auto first = static_cast<std::size_t>(begin);
    const auto count = static_cast<std::size_t>(end - begin);
    const std::span<Ticks> into(&next[first], count);
    for (std::size_t p = 0; p < senders_.size(); ++p)
      meet(into,
           &now[first],
           senders_[p].of(now, begin, std::span(space).first(count)),
           round_->parts[p].cost,
           p > 0);
    const auto specials = specials_in(begin, end);
    for (std::size_t i = 0; i < specials.size();) {
      const std::int64_t chip = specials[i].chip;
      std::size_t last = i;
      while (last < specials.size() && specials[last].chip == chip) ++last;
      next[static_cast<std::size_t>(chip)] = special(now, specials.subspan(i, last - i));
      i = last;
    }
    add_noise(into, begin, block_, key_, options_->noise);
  }

  [[nodiscard]] std::span<const Special> specials_in(std::int64_t begin, std::int64_t end) const {
    const auto& all = round_->specials;
    const auto before = [](const Special& special, std::int64_t chip) {
      return special.chip < chip;
    };
    const auto first = std::lower_bound(all.begin(), all.end(), begin, before);
    return {first, std::lower_bound(first, all.end(), end, before)};
  }

  /// A chip that some parts keep longer.
  [[nodiscard]] Ticks special(const std::vector<Ticks>& now,
                              std::span<const Special> of_chip) const {
    const std::int64_t chip = of_chip.front().chip;
    Ticks latest = 0;
    for (std::size_t p = 0; p < senders_.size(); ++p) {
      Ticks cost = round_->parts[p].cost;
      for (const Special& special : of_chip)
        if (special.part == p) cost += special.extra;
      latest = std::max(
          latest, std::max(now[static_cast<std::size_t>(chip)], senders_[p].of(now, chip)) + cost);
    }
    return latest;
  }

  const ClockRound* round_;
  ChipBlock block_;
  const Machine* machine_;
  const ClockOptions* options_;
  std::vector<Senders> senders_;
  NoiseKey key_;
};

}  // namespace

topology::Seconds ClockResult::quantile(double q) const {
  std::vector<Ticks> sorted = finish;
  const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(sorted.size() - 1));
  std::nth_element(sorted.begin(), sorted.begin() + at, sorted.end());
  return to_seconds(sorted[static_cast<std::size_t>(at)]);
}

bool is_clockable(const kernels::Schedule& schedule) {
  if (schedule.slices > 1) return false;
  for (const kernels::Round& round : kernels::rounds(schedule))
    for (const kernels::Part& part : round.parts)
      if (part.exchange->to.pairing || !part.exchange->at_root.empty()) return false;
  return true;
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
  if (!is_clockable(schedule))
    topology::usage_error("'" + schedule.algorithm +
                          "' is predicted, not clocked: the clock runs schedules in one slice in "
                          "which every chip takes part in every step");
  ClockResult result{start_clocks(machine, options, ranks.block()), 0};
  std::vector<Ticks> next;
  for (const kernels::Round& round : kernels::rounds(schedule)) {
    ranks.move_for(round, result.finish);
    const ClockRound plan = clock_round(round, schedule, machine, size, options, ranks.block());
    if (!result.finish.empty())
      run_round(result.finish, next, plan, ranks.block(), machine, result.steps, options);
    result.steps += plan.repeat;
  }
  ranks.move_to_all(result.finish);
  return result;
}

}  // namespace bench
