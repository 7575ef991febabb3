#include "bench/clock/clock_round.hpp"

#include <algorithm>
#include <cmath>

#include "bench/clock/detour.hpp"
#include "bench/executor/predict.hpp"

namespace bench {
namespace {

using topology::ExchangeTime;
using topology::LevelShape;
using topology::Machine;

/// What a part waits for: its level, or the slowest of its levels.
ExchangeTime time_of(const kernels::Exchange& exchange, const std::vector<ExchangeTime>& levels) {
  ExchangeTime worst;
  for (const std::size_t d : exchange.to.digits)
    if (levels[d].total() > worst.total()) worst = levels[d];
  return worst;
}

/// Does a message from member `from` to member `to` of a ring use the link that leaves `at`? Both
/// ways on a tie.
bool crosses(
    std::int64_t from, std::int64_t to, std::int64_t at, std::int64_t direction, std::int64_t n) {
  const auto around = [n](std::int64_t x) { return ((x % n) + n) % n; };
  const std::int64_t up = around(to - from);
  if (n == 2) return at == from && up != 0;  // one link, whatever it is called
  const std::int64_t hops = direction > 0 ? up : n - up;
  return up != 0 && 2 * hops <= n && around(direction * (at - from)) < hops;
}

/// Chips that receive over degraded links in this part.
void add_degraded(std::vector<Special>& specials,
                  const ClockPart& part,
                  std::size_t index,
                  const DegradedLinks& links,
                  bool ring,
                  Ticks extra) {
  for (std::int64_t chip = links.first; chip < links.last; ++chip) {
    const std::int64_t digit = chip / part.stride % part.extent;
    const std::int64_t line = chip - digit * part.stride;
    for (std::int64_t to = 0; to < part.extent; ++to) {
      const std::int64_t from = part.senders(to, part.extent);
      const bool hit = ring ? crosses(from, to, digit, links.direction, part.extent)
                            : from == digit || to == digit;
      if (hit) specials.push_back({line + to * part.stride, index, extra});
    }
  }
}

/// Everybody in the group of an exchange with all waits for its slowest link.
void add_degraded_group(std::vector<Special>& specials,
                        const ClockPart& part,
                        std::size_t index,
                        const DegradedLinks& links,
                        const Machine& machine,
                        Ticks extra) {
  const auto& digits = part.exchange->to.digits;
  const auto place = [&](std::int64_t chip) {  // the digits that name the group
    for (const std::size_t d : digits) {
      const std::int64_t stride = machine.stride(d);
      chip -= chip / stride % machine.levels[d].extent * stride;
    }
    return chip;
  };
  std::vector<std::int64_t> groups;
  for (std::int64_t chip = links.first; chip < links.last; ++chip) groups.push_back(place(chip));
  std::sort(groups.begin(), groups.end());
  for (std::int64_t chip = 0; chip < machine.chips(); ++chip)
    if (std::binary_search(groups.begin(), groups.end(), place(chip)))
      specials.push_back({chip, index, extra});
}

/// From chips of the machine to places of the block.
void place(ClockRound& round, const ChipBlock& block) {
  for (ClockPart& part : round.parts) part.stride = block.places(part.stride);
  for (Special& special : round.specials) special.chip = block.place(special.chip);
  std::erase_if(round.specials, [](const Special& special) { return special.chip < 0; });
}

}  // namespace

Ticks ClockRound::cost() const {
  Ticks most = 0;
  for (const ClockPart& part : parts) most = std::max(most, part.cost);
  return most;
}

ClockRound clock_round(const kernels::Round& round,
                       const kernels::Schedule& schedule,
                       const Machine& machine,
                       topology::Bytes size,
                       const ClockOptions& options,
                       const ChipBlock& block) {
  const RoundCost cost = cost_of(round, schedule, machine, size);
  const std::vector<ExchangeTime> levels = cost.traffic.by_level();
  ClockRound result;
  result.repeat = round.repeat;
  for (const kernels::Part& part : round.parts) {
    const kernels::Exchange& exchange = *part.exchange;
    const std::size_t digit = exchange.to.digits.front();
    const ExchangeTime time = time_of(exchange, levels);
    const std::size_t index = result.parts.size();
    result.parts.push_back({&exchange,
                            exchange.to.at(part.k).inverse(),
                            machine.levels[digit].extent,
                            machine.stride(digit),
                            to_ticks(time.total() + cost.reduction)});
    for (const DegradedLinks& links : options.degraded) {
      const Ticks extra = to_ticks(levels[links.level].transfer * (1 / links.factor - 1));
      const auto& digits = exchange.to.digits;
      if (extra == 0 || std::find(digits.begin(), digits.end(), links.level) == digits.end())
        continue;
      if (exchange.to.every)
        add_degraded_group(result.specials, result.parts.back(), index, links, machine, extra);
      else
        add_degraded(result.specials,
                     result.parts.back(),
                     index,
                     links,
                     machine.levels[links.level].shape == LevelShape::ring,
                     extra);
    }
    for (const SlowChip& slow : options.slow)
      result.specials.push_back(
          {slow.chip,
           index,
           std::llround(static_cast<double>(result.parts.back().cost) * (slow.factor - 1)),
           true});
  }
  add_detours(result.specials,
              options.failed,
              round,
              result.parts,
              schedule,
              machine,
              size,
              cost.reduction);
  std::stable_sort(result.specials.begin(),
                   result.specials.end(),
                   [](const Special& a, const Special& b) { return a.chip < b.chip; });
  place(result, block);
  return result;
}

}  // namespace bench
