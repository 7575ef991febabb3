#include "bench/clock/critical_path.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "bench/clock/clock_kernels.hpp"
#include "bench/clock/clock_round.hpp"
#include "bench/clock/replay.hpp"

namespace bench {
namespace {

using topology::Machine;

/// Of one repeated round: chips x steps that are run again.
constexpr std::int64_t most_followed = std::int64_t{1} << 26U;

bool by_chip(const Special& a, const Special& b) {
  return a.chip < b.chip;
}

/// The clocks of some chips, by their number.
using Clocks = std::vector<Ticks>;

/// What decided a chip's clock in one step.
struct Decision {
  PathStep step;
  Ticks time = 0;
};

/// A round seen from single chips.
class RoundView {
 public:
  RoundView(const ClockRound& round, const Machine& machine, const ClockOptions& options)
      : round_(&round), machine_(&machine), options_(&options) {}

  /// @param now clock of a chip before the step
  template <class Now>
  [[nodiscard]] Decision decide(std::int64_t chip, std::int64_t step, const Now& now) const {
    Decision last;
    last.time = -1;
    for (std::size_t p = 0; p < round_->parts.size(); ++p) {
      Decision next = through(p, chip, now);
      if (next.time > last.time) last = next;
    }
    last.step.step = step;
    last.step.noise = options_->noise.none()
                          ? 0
                          : noise_of(chip,
                                     noise_key(options_->seed, static_cast<std::uint64_t>(step)),
                                     options_->noise);
    last.time += last.step.noise;
    return last;
  }

  /// The chips that can have to do with `chip` in this round: those that differ from it in the
  /// digits that the round works on.
  [[nodiscard]] std::vector<std::int64_t> neighbourhood(std::int64_t chip) const {
    std::vector<std::int64_t> chips{chip};
    std::vector<std::int64_t> strides;
    for (const ClockPart& part : round_->parts)
      if (std::find(strides.begin(), strides.end(), part.stride) == strides.end()) {
        strides.push_back(part.stride);
        chips = widened(chips, part);
      }
    std::sort(chips.begin(), chips.end());
    return chips;
  }

 private:
  static std::vector<std::int64_t> widened(const std::vector<std::int64_t>& chips,
                                           const ClockPart& part) {
    std::vector<std::int64_t> all;
    for (const std::int64_t chip : chips) {
      const std::int64_t corner = chip - chip / part.stride % part.extent * part.stride;
      for (std::int64_t v = 0; v < part.extent; ++v) all.push_back(corner + v * part.stride);
    }
    return all;
  }

  template <class Now>
  [[nodiscard]] Decision through(std::size_t p, std::int64_t chip, const Now& now) const {
    const ClockPart& part = round_->parts[p];
    Decision decision;
    PathStep& step = decision.step;
    step.chip = chip;
    step.level = part.exchange->to.digits.front();
    step.from = chip;
    const std::int64_t sender =
        part.every() ? latest_of_group(part, chip, now) : part.sender_of(chip);
    if (now(sender) >= now(chip)) step.from = sender;
    step.cost = part.cost;
    const auto [begin, end] =
        std::equal_range(round_->specials.begin(), round_->specials.end(), Special{chip}, by_chip);
    for (auto special = begin; special != end; ++special)
      if (special->part == p) (special->slow ? step.slow : step.degraded) += special->extra;
    decision.time = now(step.from) + step.cost + step.slow + step.degraded;
    return decision;
  }

  template <class Now>
  [[nodiscard]] std::int64_t latest_of_group(const ClockPart& part,
                                             std::int64_t chip,
                                             const Now& now) const {
    std::vector<std::int64_t> group{chip};
    for (const std::size_t d : part.exchange->to.digits)
      group =
          widened(group, {part.exchange, {}, machine_->levels[d].extent, machine_->stride(d), 0});
    return *std::max_element(group.begin(), group.end(), [&](std::int64_t a, std::int64_t b) {
      return now(a) < now(b);
    });
  }

  const ClockRound* round_;
  const Machine* machine_;
  const ClockOptions* options_;
};

/// The steps of one repeated round, followed back from `chip` over its neighbourhood. Of n steps
/// the clocks before each sqrt(n)-th are kept; those between are run again, a stretch at a time.
bool follow_repeats(std::vector<PathStep>& path,
                    const RoundView& view,
                    const Clocks& before,
                    std::int64_t first_step,
                    std::int64_t repeat,
                    std::int64_t& chip) {
  const std::vector<std::int64_t> chips = view.neighbourhood(chip);
  if (static_cast<std::int64_t>(chips.size()) * repeat > most_followed) return false;
  const auto index = [&](std::int64_t c) {
    return static_cast<std::size_t>(std::lower_bound(chips.begin(), chips.end(), c) -
                                    chips.begin());
  };
  Clocks now(chips.size());
  std::transform(chips.begin(), chips.end(), now.begin(), [&](std::int64_t c) {
    return before[static_cast<std::size_t>(c)];
  });
  std::vector<Clocks> kept{now};  // every `apart` steps; between them the steps are run again
  const auto apart =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::sqrt(static_cast<double>(repeat))));
  const auto advance = [&](const Clocks& from, std::int64_t step) {
    Clocks to(from.size());
    for (std::size_t i = 0; i < chips.size(); ++i)
      to[i] = view.decide(chips[i], step, [&](std::int64_t c) { return from[index(c)]; }).time;
    return to;
  };
  for (std::int64_t s = 0; s + 1 < repeat; ++s) {
    now = advance(now, first_step + s);
    if ((s + 1) % apart == 0) kept.push_back(now);
  }
  std::vector<Clocks> stretch;
  for (std::int64_t s = repeat - 1; s >= 0; --s) {
    const auto block = static_cast<std::size_t>(s / apart);
    const std::int64_t inside = s % apart;
    if (stretch.empty()) {
      stretch.push_back(kept[block]);
      for (std::int64_t i = 0; i < inside; ++i)
        stretch.push_back(advance(stretch.back(), first_step + s - inside + i));
    }
    const Clocks& clocks = stretch.back();
    path.push_back(
        view.decide(chip, first_step + s, [&](std::int64_t c) { return clocks[index(c)]; }).step);
    chip = path.back().from;
    stretch.pop_back();
  }
  return true;
}

/// One round, from the first chip known so far to the one before it.
bool follow(CriticalPath& path,
            const RoundView& view,
            const Clocks& before,
            std::int64_t first_step,
            std::int64_t repeat) {
  if (repeat > 1) return follow_repeats(path.steps, view, before, first_step, repeat, path.first);
  const auto now = [&](std::int64_t chip) { return before[static_cast<std::size_t>(chip)]; };
  path.steps.push_back(view.decide(path.first, first_step, now).step);
  path.first = path.steps.back().from;
  return true;
}

std::int64_t later_than(Ticks time, const Clocks& clocks) {
  return std::count_if(clocks.begin(), clocks.end(), [time](Ticks t) { return t > time; });
}

/// To the end, and how far lateness has spread by each round.
Clocks finish_of(Replay& replay, Ticks on_time, std::vector<LateChips>& late) {
  Clocks clocks = replay.start();
  late.push_back({0, later_than(on_time, clocks)});
  for (std::size_t r = 0; r < replay.rounds(); ++r) {
    const ClockRound plan = replay.plan(r);
    replay.run(clocks, r, plan);
    on_time += plan.cost() * plan.repeat;
    late.push_back({replay.first_step(r + 1), later_than(on_time, clocks)});
  }
  return clocks;
}

}  // namespace

Ticks CriticalPath::sum(Ticks PathStep::*part) const {
  return std::accumulate(
      steps.begin(), steps.end(), Ticks{0}, [part](Ticks all, const PathStep& s) {
        return all + s.*part;
      });
}

std::optional<CriticalPath> critical_path(const kernels::Schedule& schedule,
                                          const Machine& machine,
                                          topology::Bytes size,
                                          const ClockOptions& options) {
  Replay replay(schedule, machine, size, options);
  CriticalPath path;
  {
    const Clocks finish = finish_of(replay, to_ticks(machine.overhead.value), path.late);
    const auto latest = std::max_element(finish.begin(), finish.end());
    path.finish = *latest;
    path.last = latest - finish.begin();
  }
  path.first = path.last;
  bool followed = true;
  replay.visit_back([&](std::size_t r, const Clocks& before) {
    const ClockRound plan = replay.plan(r);
    const RoundView view(plan, machine, options);
    followed = followed && follow(path, view, before, replay.first_step(r), plan.repeat);
  });
  if (!followed) return std::nullopt;
  std::reverse(path.steps.begin(), path.steps.end());
  path.start = replay.start()[static_cast<std::size_t>(path.first)];
  return path;
}

}  // namespace bench
