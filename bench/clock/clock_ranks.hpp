// The clocks of one run on several MPI ranks, laid out so that a chip and those it hears from are
// on the same rank, and moved wherever the next round wants another layout:
//
//   units      whole units (UltraServers: what is below the network), for steps inside them
//   positions  the same chips of every unit, for steps between units
//   all        every rank has every chip, for steps over both, which all ranks take alike
//
// A hierarchical collective moves two or three times, a ring over 8,192 UltraServers not within
// its 8,191 steps. Moves are the only synchronisation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <mpi.h>

#include "bench/clock/chip_block.hpp"
#include "bench/clock/noise.hpp"
#include "kernels/collective/rounds.hpp"
#include "topology/machine.hpp"

namespace bench {

/// The lowest level of the network, or the number of levels where there is none.
[[nodiscard]] std::size_t lowest_of_network(const topology::Machine& machine);

class ClockRanks {
 public:
  /// One process has all chips; MPI stays out of it.
  explicit ClockRanks(const topology::Machine& machine) : ClockRanks(machine, 0, 1) {}

  /// @param all the ranks that share the chips, if there are several
  /// @throws Error(usage) where there are more ranks than units
  ClockRanks(const topology::Machine& machine, int rank, int size, MPI_Comm all = MPI_COMM_WORLD);

  /// The chips of this rank as they lie now.
  [[nodiscard]] ChipBlock block() const { return block(layout_, rank_); }

  /// Does this round want another layout?
  [[nodiscard]] bool moves_for(const kernels::Round& round) const {
    return wanted(round) != layout_;
  }

  void move_for(const kernels::Round& round, std::vector<Ticks>& clocks);

  void move_to_all(std::vector<Ticks>& clocks) { move(Layout::all, clocks); }

 private:
  /// How many clocks go to, or come from, each rank, one rank's behind the other's.
  struct Pieces {
    std::vector<int> counts;
    std::vector<int> begins;

    void add(std::int64_t count) {
      begins.push_back(begins.empty() ? 0 : begins.back() + counts.back());
      counts.push_back(static_cast<int>(count));
    }
  };

  enum class Layout { units, positions, all };

  [[nodiscard]] ChipBlock block(Layout layout, int rank) const;
  [[nodiscard]] Layout wanted(const kernels::Round& round) const;
  /// Of `total` things in a row the first one that this rank has.
  [[nodiscard]] std::int64_t share(std::int64_t total, int rank) const;
  void move(Layout to, std::vector<Ticks>& clocks);
  void to_positions(std::vector<Ticks>& clocks) const;
  void from_positions(std::vector<Ticks>& clocks) const;
  void to_all(std::vector<Ticks>& clocks) const;
  void from_all(std::vector<Ticks>& clocks) const;

  void exchange(const Ticks* from, const Pieces& sent, Ticks* to, const Pieces& received) const;

  const topology::Machine* machine_;
  MPI_Comm all_;
  std::int64_t unit_ = 1;   ///< chips in a unit
  std::int64_t units_ = 1;  ///< in the machine
  int rank_ = 0;
  int size_ = 1;
  Layout layout_ = Layout::all;
};

}  // namespace bench
