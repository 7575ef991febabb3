// One step of the clocks of all chips, or of a tile of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/clock/chip_block.hpp"
#include "bench/clock/clock.hpp"
#include "bench/clock/clock_round.hpp"
#include "topology/machine.hpp"

namespace bench {

/// Chips taken at a time: clocks, their next values and a copy of their senders' fit the L2 cache.
inline constexpr std::int64_t tile = 4096;

/// Whom the chips hear from in one part of a round.
class Senders {
 public:
  explicit Senders(const ClockPart& part);

  /// The latest clock of each group takes the place of its members'.
  void gather_groups(const std::vector<Ticks>& now,
                     const ChipBlock& block,
                     const topology::Machine& machine);

  /// Calls visit(chip, length, clocks) for runs of the chips from `begin` on, as many as `space`
  /// has room for: clocks of those that they hear from lie side by side, in `now` or copied to
  /// `space`.
  template <class Visit>
  void visit(const Ticks* now, std::int64_t begin, std::span<Ticks> space, Visit&& visit) const;

  [[nodiscard]] Ticks of(const Ticks* now, std::int64_t chip) const {
    return part_->every() ? latest_[static_cast<std::size_t>(chip)] : now[part_->sender_of(chip)];
  }

 private:
  /// Senders of a run of chips are next to each other as well.
  struct Run {
    std::int64_t to = 0;
    std::int64_t from = 0;
    std::int64_t length = 0;
  };

  [[nodiscard]] static std::vector<Run> runs_of(const ClockPart& part);
  void spell_out();
  [[nodiscard]] const Ticks* copy_by_chip(const Ticks* now,
                                          std::int64_t begin,
                                          std::span<Ticks> space) const;
  [[nodiscard]] const Run& run_at(std::int64_t offset) const;
  void spread(std::int64_t stride, std::int64_t extent);

  const ClockPart* part_;
  std::vector<Run> runs_;              // of one period
  std::vector<std::int32_t> sources_;  // of one period, where that is short
  std::vector<Ticks> latest_;          // where everybody sends to everybody
};

/// Places of a tile's chips from `origin` on, which is the place of the first clock at hand.
struct Tile {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t origin = 0;
};

/// One round.
class Stepper {
 public:
  /// All but the block are kept by reference.
  Stepper(const ClockRound& round,
          const ChipBlock& block,
          const topology::Machine& machine,
          const ClockOptions& options);

  /// All chips. @param number of the step, counted over all rounds
  void step(const std::vector<Ticks>& now, std::vector<Ticks>& next, std::int64_t number);

  /// A tile, at most `tile` chips, of a round in which nobody hears from everybody.
  /// @param now, next clocks from the tile's origin on
  void step_tile(const Ticks* now, Ticks* next, Tile at, std::int64_t number) const;

 private:
  [[nodiscard]] std::span<const Special> specials_in(std::int64_t begin, std::int64_t end) const;
  [[nodiscard]] Ticks special(const Ticks* now,
                              std::int64_t chip,
                              std::span<const Special> of_chip) const;

  const ClockRound* round_;
  ChipBlock block_;
  const topology::Machine* machine_;
  const ClockOptions* options_;
  std::vector<Senders> senders_;
};

}  // namespace bench
