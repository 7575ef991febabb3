// Rings of many members: each line is taken through all its steps while it is in the cache.
//
// Without noise and slow chips S steps carry the latest start of the S members before it to each,
// T[i] = S x cost + max T[i-j], 0 <= j <= S, and nothing is stepped through.
#include <algorithm>
#include <exception>

#include "bench/clock/clock_round.hpp"
#include "bench/clock/ring_line.hpp"

namespace bench {
namespace {

constexpr std::int64_t least_members = 32;

/// The line through `corner`, the member whose digit is 0.
Line line_at(std::int64_t corner, const ClockPart& part, const ChipBlock& block) {
  const bool up = part.senders.operand == -1;  // hears from the member below
  const std::int64_t first = up ? corner : corner + (part.extent - 1) * part.stride;
  const std::int64_t stride = up ? part.stride : -part.stride;
  const std::int64_t chip = block.chip(first);
  return {first, stride, part.extent, chip, block.chip(first + stride) - chip};
}

/// The starts of a line seen through a window that slides along the ring: those that may still be
/// the latest wait in a queue, falling.
void slide(std::vector<Ticks>& clocks, const Line& line, std::int64_t steps, Ticks later) {
  struct Start {
    std::int64_t member;
    Ticks ticks;
  };

  const std::int64_t reach = std::min(steps, line.members - 1);
  std::vector<Start> queue(static_cast<std::size_t>(line.members + reach));
  std::size_t front = 0;
  std::size_t back = 0;
  const auto enter = [&](const Start& start) {
    while (back > front && queue[back - 1].ticks <= start.ticks) --back;
    queue[back++] = start;
  };
  for (std::int64_t before = -reach; before < 0; ++before)
    enter({before, clocks[line.at(before + line.members)]});
  for (std::int64_t member = 0; member < line.members; ++member) {
    Ticks& clock = clocks[line.at(member)];
    enter({member, clock});
    if (queue[front].member < member - reach) ++front;
    clock = queue[front].ticks + later;
  }
}

void run_line(std::vector<Ticks>& clocks,
              const Line& line,
              const ClockRound& round,
              std::int64_t first_step,
              const ClockOptions& options) {
  const Ticks later = round.parts.front().cost * round.repeat;
  std::vector<Special> here;
  for (Special special : round.specials) {
    const std::int64_t apart = special.chip - line.first;
    special.chip = apart / line.stride;  // as a member
    if (apart % line.stride == 0 && special.chip >= 0 && special.chip < line.members)
      here.push_back(special);
  }
  if (options.noise.none() && here.empty()) return slide(clocks, line, round.repeat, later);
  RingLine ring(line, clocks);
  for (const Special& special : here) ring.hold_back(special.chip, special.extra);
  ring.run(round.repeat, first_step, options);
  ring.store(clocks, later);
}

}  // namespace

bool run_ring(std::vector<Ticks>& clocks,
              const ChipBlock& block,
              const ClockRound& round,
              std::int64_t first_step,
              const ClockOptions& options) {
  const ClockPart& part = round.parts.front();
  const bool ring = round.parts.size() == 1 && !part.every() &&
                    part.senders.kind == topology::DigitMap::Kind::add &&
                    (part.senders.operand == 1 || part.senders.operand == -1);
  if (!ring || round.repeat < 2 || part.extent < least_members) return false;
  const auto lines = static_cast<std::int64_t>(clocks.size()) / part.extent;
  std::exception_ptr failure;
#pragma omp parallel for schedule(guided) if (lines > 1)
  for (std::int64_t i = 0; i < lines; ++i) {
    try {
      const std::int64_t corner = i / part.stride * part.period() + i % part.stride;
      run_line(clocks, line_at(corner, part, block), round, first_step, options);
    } catch (...) {  // an exception must not leave the region
#pragma omp critical
      failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  return true;
}

}  // namespace bench
