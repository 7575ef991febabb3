#include "bench/clock/stepper.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "bench/clock/clock_kernels.hpp"

namespace bench {
namespace {

/// Runs that are shorter on average are copied chip by chip, so that a whole tile meets at once.
constexpr std::int64_t shortest = 16;

}  // namespace

std::vector<Senders::Run> Senders::runs_of(const ClockPart& part) {
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

Senders::Senders(const ClockPart& part) : part_(&part) {
  if (part.every()) return;
  runs_ = runs_of(part);
  if (part.period() < shortest * static_cast<std::int64_t>(runs_.size())) spell_out();
}

void Senders::gather_groups(const std::vector<Ticks>& now,
                            const ChipBlock& block,
                            const topology::Machine& machine) {
  if (!part_->every()) return;
  latest_ = now;
  for (const std::size_t d : part_->exchange->to.digits)
    spread(block.places(machine.stride(d)), machine.levels[d].extent);
}

template <class Visit>
void Senders::visit(const Ticks* now,
                    std::int64_t begin,
                    std::span<Ticks> space,
                    Visit&& visit) const {
  const auto end = begin + static_cast<std::int64_t>(space.size());
  if (part_->every()) return visit(begin, end - begin, &latest_[static_cast<std::size_t>(begin)]);
  if (!sources_.empty()) return visit(begin, end - begin, copy_by_chip(now, begin, space));
  for (std::int64_t chip = begin; chip < end;) {
    const std::int64_t corner = chip / part_->period() * part_->period();
    const Run& run = run_at(chip - corner);
    const std::int64_t inside = chip - corner - run.to;
    const std::int64_t length = std::min(run.length - inside, end - chip);
    visit(chip, length, now + corner + run.from + inside);
    chip += length;
  }
}

/// Runs of a few chips are faster taken chip by chip.
void Senders::spell_out() {
  for (const Run& run : runs_)
    for (std::int64_t i = 0; i < run.length; ++i)
      sources_.push_back(static_cast<std::int32_t>(run.from + i));
}

const Ticks* Senders::copy_by_chip(const Ticks* now,
                                   std::int64_t begin,
                                   std::span<Ticks> space) const {
  const auto period = sources_.size();
  std::size_t offset = static_cast<std::size_t>(begin) % period;
  const Ticks* corner = now + begin - static_cast<std::ptrdiff_t>(offset);
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

const Senders::Run& Senders::run_at(std::int64_t offset) const {
  const auto after =
      std::upper_bound(runs_.begin(), runs_.end(), offset, [](std::int64_t at, const Run& run) {
        return at < run.to;
      });
  return *std::prev(after);
}

void Senders::spread(std::int64_t stride, std::int64_t extent) {
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

Stepper::Stepper(const ClockRound& round,
                 const ChipBlock& block,
                 const topology::Machine& machine,
                 const ClockOptions& options)
    : round_(&round), block_(block), machine_(&machine), options_(&options) {
  for (const ClockPart& part : round.parts) senders_.emplace_back(part);
}

void Stepper::step(const std::vector<Ticks>& now, std::vector<Ticks>& next, std::int64_t number) {
  for (Senders& senders : senders_) senders.gather_groups(now, block_, *machine_);
  const auto chips = static_cast<std::int64_t>(now.size());
#pragma omp parallel for schedule(static)
  for (std::int64_t begin = 0; begin < chips; begin += tile)
    step_tile(now.data(), next.data(), {begin, std::min(begin + tile, chips)}, number);
}

void Stepper::step_tile(const Ticks* now, Ticks* next, Tile at, std::int64_t number) const {
  std::array<Ticks, tile> space;
  const auto count = static_cast<std::size_t>(at.end - at.begin);
  const std::span<Ticks> into(next + at.begin, count);
  for (std::size_t p = 0; p < senders_.size(); ++p)
    senders_[p].visit(now,
                      at.begin,
                      std::span(space).first(count),
                      [&](std::int64_t chip, std::int64_t length, const Ticks* senders) {
                        meet(std::span(next + chip, static_cast<std::size_t>(length)),
                             now + chip,
                             senders,
                             round_->parts[p].cost,
                             p > 0);
                      });
  const auto specials = specials_in(at.origin + at.begin, at.origin + at.end);
  for (std::size_t i = 0; i < specials.size();) {
    const std::int64_t chip = specials[i].chip;
    std::size_t last = i;
    while (last < specials.size() && specials[last].chip == chip) ++last;
    next[chip - at.origin] = special(now, chip - at.origin, specials.subspan(i, last - i));
    i = last;
  }
  const NoiseKey key = noise_key(options_->seed, static_cast<std::uint64_t>(number));
  add_noise(into, at.origin + at.begin, block_, key, options_->noise);
}

std::span<const Special> Stepper::specials_in(std::int64_t begin, std::int64_t end) const {
  const auto& all = round_->specials;
  const auto before = [](const Special& special, std::int64_t chip) { return special.chip < chip; };
  const auto first = std::lower_bound(all.begin(), all.end(), begin, before);
  return {first, std::lower_bound(first, all.end(), end, before)};
}

/// A chip that some parts keep longer.
Ticks Stepper::special(const Ticks* now,
                       std::int64_t chip,
                       std::span<const Special> of_chip) const {
  Ticks latest = 0;
  for (std::size_t p = 0; p < senders_.size(); ++p) {
    Ticks cost = round_->parts[p].cost;
    for (const Special& special : of_chip)
      if (special.part == p) cost += special.extra;
    latest = std::max(latest, std::max(now[chip], senders_[p].of(now, chip)) + cost);
  }
  return latest;
}

}  // namespace bench
