#include "bench/clock/clock_ranks.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace bench {
namespace {

using topology::Level;
using topology::LevelShape;
using topology::Machine;

}  // namespace

std::size_t lowest_of_network(const Machine& machine) {
  const auto lowest = std::find_if(machine.levels.begin(),
                                   machine.levels.end(),
                                   [](const Level& l) { return l.shape == LevelShape::clos; });
  return static_cast<std::size_t>(lowest - machine.levels.begin());
}

ClockRanks::ClockRanks(const Machine& machine, int rank, int size, MPI_Comm all)
    : machine_(&machine), all_(all), rank_(rank), size_(size) {
  if (size == 1) return;
  const std::size_t network = lowest_of_network(machine);
  unit_ = machine.stride(network);
  units_ = machine.chips() / unit_;
  if (units_ < size)
    topology::usage_error(fmt::format("more ranks than {0}s: {1} ranks, {2} {0}{3} in {4}",
                                      network == 0 ? "chip" : machine.levels[network - 1].domain,
                                      size,
                                      units_,
                                      units_ == 1 ? "" : "s",
                                      machine.name));
  layout_ = Layout::units;
}

std::int64_t ClockRanks::share(std::int64_t total, int rank) const {
  return total * rank / size_;
}

ChipBlock ClockRanks::block(Layout layout, int rank) const {
  if (layout == Layout::all) return ChipBlock::all(*machine_);
  if (layout == Layout::units) {
    const std::int64_t first = share(units_, rank) * unit_;
    return {first, share(units_, rank + 1) * unit_ - first, machine_->chips(), 1};
  }
  const std::int64_t first = share(unit_, rank);
  return {first, share(unit_, rank + 1) - first, unit_, units_};
}

ClockRanks::Layout ClockRanks::wanted(const kernels::Round& round) const {
  if (size_ == 1) return Layout::all;
  bool inside = false;
  bool between = false;
  for (const kernels::Part& part : round.parts)
    for (const std::size_t digit : part.exchange->to.digits)
      (machine_->stride(digit) < unit_ ? inside : between) = true;
  if (inside && between) return Layout::all;
  return between ? Layout::positions : Layout::units;
}

void ClockRanks::move_for(const kernels::Round& round, std::vector<Ticks>& clocks) {
  move(wanted(round), clocks);
}

/// By way of whole units.
void ClockRanks::move(Layout to, std::vector<Ticks>& clocks) {
  if (to == layout_) return;
  if (layout_ == Layout::positions) from_positions(clocks);
  if (layout_ == Layout::all) from_all(clocks);
  if (to == Layout::positions) to_positions(clocks);
  if (to == Layout::all) to_all(clocks);
  layout_ = to;
}

void ClockRanks::exchange(const Ticks* from,
                          const Pieces& sent,
                          Ticks* to,
                          const Pieces& received) const {
  MPI_Alltoallv(from,
                sent.counts.data(),
                sent.begins.data(),
                MPI_INT64_T,
                to,
                received.counts.data(),
                received.begins.data(),
                MPI_INT64_T,
                all_);
}

/// Row by row to whom each piece of a unit belongs. What arrives is in place: the units of rank 0,
/// then those of rank 1, …
void ClockRanks::to_positions(std::vector<Ticks>& clocks) const {
  const std::int64_t rows = block(Layout::units, rank_).width / unit_;
  const std::int64_t width = block(Layout::positions, rank_).width;
  Pieces sent;
  Pieces received;
  std::vector<Ticks> packed;
  packed.reserve(clocks.size());
  for (int rank = 0; rank < size_; ++rank) {
    const ChipBlock theirs = block(Layout::positions, rank);
    for (std::int64_t row = 0; row < rows; ++row) {
      const auto begin = clocks.begin() + row * unit_ + theirs.first;
      packed.insert(packed.end(), begin, begin + theirs.width);
    }
    sent.add(rows * theirs.width);
    received.add(block(Layout::units, rank).width / unit_ * width);
  }
  clocks.resize(static_cast<std::size_t>(block(Layout::positions, rank_).count()));
  exchange(packed.data(), sent, clocks.data(), received);
}

void ClockRanks::from_positions(std::vector<Ticks>& clocks) const {
  const ChipBlock mine = block(Layout::units, rank_);
  const std::int64_t rows = mine.width / unit_;
  const std::int64_t width = block(Layout::positions, rank_).width;
  Pieces sent;
  Pieces received;
  for (int rank = 0; rank < size_; ++rank) {
    sent.add(block(Layout::units, rank).width / unit_ * width);
    received.add(rows * block(Layout::positions, rank).width);
  }
  std::vector<Ticks> packed(static_cast<std::size_t>(mine.count()));
  exchange(clocks.data(), sent, packed.data(), received);
  clocks.resize(packed.size());
  auto next = packed.begin();
  for (int rank = 0; rank < size_; ++rank) {
    const ChipBlock theirs = block(Layout::positions, rank);
    for (std::int64_t row = 0; row < rows; ++row, next += theirs.width)
      std::copy_n(next, theirs.width, clocks.begin() + row * unit_ + theirs.first);
  }
}

void ClockRanks::to_all(std::vector<Ticks>& clocks) const {
  Pieces received;
  for (int rank = 0; rank < size_; ++rank) received.add(block(Layout::units, rank).count());
  std::vector<Ticks> all(static_cast<std::size_t>(machine_->chips()));
  MPI_Allgatherv(clocks.data(),
                 static_cast<int>(clocks.size()),
                 MPI_INT64_T,
                 all.data(),
                 received.counts.data(),
                 received.begins.data(),
                 MPI_INT64_T,
                 all_);
  clocks = std::move(all);
}

void ClockRanks::from_all(std::vector<Ticks>& clocks) const {
  const ChipBlock mine = block(Layout::units, rank_);
  clocks.erase(clocks.begin(), clocks.begin() + mine.first);
  clocks.resize(static_cast<std::size_t>(mine.width));
}

}  // namespace bench
