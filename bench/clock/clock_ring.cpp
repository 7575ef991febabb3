// Rings of many members: each line is taken through all its steps while it is in the cache.
//
// The step's cost is the same for all, so it is left out and added at the end: what remains fits 32
// bits, T'[i] = max(T[i], T[i-1]) + noise + extra. Without these, S steps carry the latest start
// of the S members before it to each: T[i] = S x cost + max T[i-j], 0 <= j <= S, and nothing is
// stepped through.
#include <algorithm>
#include <array>
#include <limits>

#include "bench/clock/clock_kernels.hpp"
#include "bench/clock/clock_round.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

constexpr std::int64_t least_members = 32;
constexpr std::size_t pad = 16;  // the widest vector, before and after a row
constexpr Ticks room = Ticks{1} << 30U;

/// A line of the ring: members `stride` places apart, in the direction of travel.
struct Line {
  std::int64_t first = 0;
  std::int64_t stride = 0;
  std::int64_t members = 0;
  std::int64_t chip = 0;   ///< number of the first
  std::int64_t apart = 1;  ///< between the numbers of two
};

class RingLine {
 public:
  explicit RingLine(const Line& line)
      : line_(line), from_(padded(line.members)), to_(from_.size()) {}

  void load(const std::vector<Ticks>& clocks) {
    base_ = std::numeric_limits<Ticks>::max();
    Ticks latest = 0;
    for (std::int64_t i = 0; i < line_.members; ++i) {
      base_ = std::min(base_, clocks[at(i)]);
      latest = std::max(latest, clocks[at(i)]);
    }
    expect_room(latest - base_);
    for (std::int64_t i = 0; i < line_.members; ++i)
      from_[pad + static_cast<std::size_t>(i)] = static_cast<std::int32_t>(clocks[at(i)] - base_);
  }

  void hold_back(std::int64_t member, Ticks extra) {
    if (extra_.empty()) extra_.resize(from_.size());
    extra_[static_cast<std::size_t>(member)] += static_cast<std::int32_t>(extra);
    slowest_ = std::max(slowest_, extra);
  }

  void run(std::int64_t steps, std::int64_t first_step, const ClockOptions& options) {
    const auto quantiles = options.noise.quantiles();
    const Ticks most =
        slowest_ + (quantiles.empty() ? 0 : static_cast<Ticks>(quantiles.back()) + 1);
    expect_room(most);
    const std::int64_t stretch = std::clamp<std::int64_t>(room / (most + 1), 1, 256);
    for (std::int64_t done = 0; done < steps; ++done) {
      if (done % stretch == 0) rebase();
      const auto n = static_cast<std::size_t>(line_.members);
      from_[pad - 1] = from_[pad + n - 1];
      ring_step(std::span(to_).subspan(pad, n),
                &from_[pad],
                extra_.empty() ? nullptr : extra_.data(),
                line_.chip,
                line_.apart,
                noise_key(options.seed, static_cast<std::uint64_t>(first_step + done)),
                quantiles);
      std::swap(from_, to_);
    }
  }

  void store(std::vector<Ticks>& clocks, Ticks later) const {
    for (std::int64_t i = 0; i < line_.members; ++i)
      clocks[at(i)] = base_ + later + from_[pad + static_cast<std::size_t>(i)];
  }

 private:
  static std::size_t padded(std::int64_t members) {
    return (static_cast<std::size_t>(members) + pad - 1) / pad * pad + 2 * pad;
  }

  static void expect_room(Ticks ticks) {
    if (ticks >= room)
      topology::usage_error(
          "delays of more than 0.1 s between the chips of a ring are beyond the clock");
  }

  [[nodiscard]] std::size_t at(std::int64_t member) const {
    return static_cast<std::size_t>(line_.first + member * line_.stride);
  }

  void rebase() {
    const auto begin = from_.begin() + pad;
    const auto end = begin + line_.members;
    const std::int32_t least = *std::min_element(begin, end);
    expect_room(*std::max_element(begin, end) - least);
    std::for_each(begin, end, [least](std::int32_t& t) { t -= least; });
    base_ += least;
  }

  Line line_;
  Ticks base_ = 0;
  Ticks slowest_ = 0;
  std::vector<std::int32_t> from_;
  std::vector<std::int32_t> to_;
  std::vector<std::int32_t> extra_;
};

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

  const auto at = [&line](std::int64_t member) {
    return static_cast<std::size_t>(line.first + member * line.stride);
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
    enter({before, clocks[at(before + line.members)]});
  for (std::int64_t member = 0; member < line.members; ++member) {
    Ticks& clock = clocks[at(member)];
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
  RingLine ring(line);
  bool plain = options.noise.none();
  for (const Special& special : round.specials) {
    const std::int64_t apart = special.chip - line.first;
    const std::int64_t member = apart / line.stride;
    if (apart % line.stride != 0 || member < 0 || member >= line.members) continue;
    ring.hold_back(member, special.extra);
    plain = false;
  }
  if (plain) return slide(clocks, line, round.repeat, later);
  ring.load(clocks);
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
#pragma omp parallel for schedule(static)
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
