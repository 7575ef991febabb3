#include "bench/clock/waiting.hpp"

#include <algorithm>
#include <functional>
#include <span>

#include "bench/clock/clock_kernels.hpp"
#include "bench/clock/clock_round.hpp"

namespace bench {
namespace {

constexpr std::size_t tile = 4096;  // chips whose sums stay in the cache over all repeats

/// What a step takes of a chip that some parts keep longer.
Ticks costliest(const ClockRound& round, std::span<const Special> of_chip) {
  Ticks most = 0;
  for (std::size_t p = 0; p < round.parts.size(); ++p) {
    Ticks cost = round.parts[p].cost;
    for (const Special& special : of_chip)
      if (special.part == p) cost += special.extra;
    most = std::max(most, cost);
  }
  return most;
}

void add_specials(std::vector<Ticks>& work, const ClockRound& round) {
  const std::span<const Special> all = round.specials;
  const Ticks usual = round.cost();
  for (std::size_t i = 0; i < all.size();) {
    std::size_t last = i;
    while (last < all.size() && all[last].chip == all[i].chip) ++last;
    work[static_cast<std::size_t>(all[i].chip)] +=
        (costliest(round, all.subspan(i, last - i)) - usual) * round.repeat;
    i = last;
  }
}

void add_work(std::vector<Ticks>& work,
              const ClockRound& round,
              std::int64_t first_step,
              const ClockOptions& options) {
  const Ticks usual = round.cost() * round.repeat;
#pragma omp parallel for schedule(static)
  for (std::size_t begin = 0; begin < work.size(); begin += tile) {
    const auto some = std::span(work).subspan(begin, std::min(tile, work.size() - begin));
    for (Ticks& ticks : some) ticks += usual;
    if (options.noise.none()) continue;
    for (std::int64_t i = 0; i < round.repeat; ++i)
      add_noise(some,
                static_cast<std::int64_t>(begin),
                noise_key(options.seed, static_cast<std::uint64_t>(first_step + i)),
                options.noise);
  }
  add_specials(work, round);
}

}  // namespace

std::vector<Ticks> waiting(const kernels::Schedule& schedule,
                           const topology::Machine& machine,
                           topology::Bytes size,
                           const ClockOptions& options,
                           const std::vector<Ticks>& finish) {
  const ChipBlock all = ChipBlock::all(machine);
  std::vector<Ticks> work = start_clocks(machine, options, all);
  std::int64_t step = 0;
  for (const kernels::Round& round : kernels::rounds(schedule)) {
    add_work(work, clock_round(round, schedule, machine, size, options, all), step, options);
    step += round.repeat;
  }
  std::transform(finish.begin(), finish.end(), work.begin(), work.begin(), std::minus<>());
  return work;
}

}  // namespace bench
