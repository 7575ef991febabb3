#include "kernels/collective/bounds.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "topology/traffic.hpp"

namespace kernels {
namespace {

using topology::Bytes;
using topology::BytesPerSecond;
using topology::LevelShape;
using topology::Machine;
using topology::Seconds;

bool contains(std::uint32_t set, std::size_t level) {
  return ((set >> level) & 1U) != 0;
}

/// Injection of one chip into a set of levels.
BytesPerSecond capacity(const Machine& group, std::uint32_t set) {
  BytesPerSecond sum{};
  bool nic_counted = false;  // by the lowest clos tier in the set
  for (std::size_t l = 0; l < group.levels.size(); ++l) {
    const topology::Level& level = group.levels[l];
    if (level.shape != LevelShape::clos) nic_counted = false;
    if (!contains(set, l) || (level.shape == LevelShape::clos && nic_counted)) continue;
    sum += level.injection();
    nic_counted = level.shape == LevelShape::clos;
  }
  return sum;
}

/// Of one block alone, whose neighbours send nothing: a clos tier gives it what all chips below
/// share, but no more than its NICs.
BytesPerSecond capacity_alone(const Machine& group, std::uint32_t set) {
  BytesPerSecond sum{};
  BytesPerSecond nic{};
  bool nic_counted = false;
  double neighbours = 1;  // chips below for each one of the block
  for (std::size_t l = 0; l < group.levels.size(); ++l) {
    const topology::Level& level = group.levels[l];
    const bool clos = level.shape == LevelShape::clos;
    if (!clos || l == 0 || group.levels[l - 1].shape != LevelShape::clos) {
      nic = level.injection();
      nic_counted = false;
    }
    if (!contains(set, l)) continue;
    if (!nic_counted) sum += clos ? std::min(nic, level.injection() * neighbours) : nic;
    nic_counted = clos;
    neighbours *= static_cast<double>(level.extent);
  }
  return sum;
}

std::string names(const Machine& group, std::uint32_t set) {
  std::string text;
  for (std::size_t l = 0; l < group.levels.size(); ++l)
    if (contains(set, l)) text += (text.empty() ? "{" : ", ") + group.levels[l].name;
  return text + "}";
}

void tighten(Bound& bound, Seconds time, const Machine& group, std::uint32_t cut) {
  if (time <= bound.bandwidth) return;
  bound.bandwidth = time;
  bound.cut = names(group, cut);
}

/// Chips of the block that the levels outside a set span.
double block_outside(const Machine& group, std::uint32_t set) {
  double chips = 1;
  for (std::size_t l = 0; l < group.levels.size(); ++l)
    if (!contains(set, l)) chips *= static_cast<double>(group.levels[l].extent);
  return chips;
}

/// Is there a switch among the levels that adds up what goes through it?
bool adds_up(const Machine& group, std::uint32_t set) {
  for (std::size_t l = 0; l < group.levels.size(); ++l)
    if (contains(set, l) && group.levels[l].in_switch.value > 0) return true;
  return false;
}

Bound scatter_bound(const Machine& group, Bytes size, bool and_gather) {
  Bound bound;
  const auto all = static_cast<double>(group.chips());
  for (std::uint32_t set = 1; set < (1U << group.levels.size()); ++set) {
    const double block = block_outside(group, set);
    double share = 1 / block - 1 / all;
    if (and_gather) share *= 2;
    if (and_gather && adds_up(group, set)) share = std::min(share, 1 / block);
    tighten(bound, size * share / capacity(group, set), group, set);
  }
  return bound;
}

Bound rooted_bound(const Machine& group, Bytes size, bool whole) {
  Bound bound;
  const auto all = static_cast<double>(group.chips());
  for (std::uint32_t set = 1; set < (1U << group.levels.size()); ++set) {
    const double block = block_outside(group, set);
    if (block == all) continue;  // nobody outside
    const double share = whole ? 1 : 1 - block / all;
    tighten(bound, size * (share / block) / capacity_alone(group, set), group, set);
  }
  return bound;
}

/// Levels through which a chip can leave the lines of `level`: itself and every switched level
/// above, whose ports reach any chip; ring levels above keep the digit.
std::uint32_t ways_around(const Machine& group, std::size_t level) {
  std::uint32_t set = 0;
  for (std::size_t l = level + 1; l < group.levels.size(); ++l)
    if (group.levels[l].shape != LevelShape::ring) set |= 1U << l;
  return set;
}

/// Into the blocks around a rank that receives more than others.
void tighten_around_busy(Bound& bound, const Machine& group, Bytes size, double imbalance) {
  const auto all = static_cast<double>(group.chips());
  const double others = share_of_others(imbalance, all);
  for (std::uint32_t set = 1; set < (1U << group.levels.size()); ++set) {
    const double block = block_outside(group, set);
    if (block == all) continue;  // nobody outside
    const double received = (1 - block / all) * (imbalance + (block - 1) * others) / block;
    tighten(bound, size * received / capacity(group, set), group, set);
  }
}

Bound exchange_bound(const Machine& group, Bytes size) {
  Bound bound;
  const auto all = static_cast<double>(group.chips());
  const std::uint32_t every = (1U << group.levels.size()) - 1;
  double inside = 1;
  for (std::size_t l = 0; l < group.levels.size(); ++l) {
    // Out of the domain below this level, over the ports of all levels from here on.
    const std::uint32_t upper = every & ~((1U << l) - 1);
    tighten(bound, size * (1 - inside / all) / capacity(group, upper), group, upper);
    const topology::Level& level = group.levels[l];
    const auto n = static_cast<double>(level.extent);
    inside *= n;
    if (level.shape != LevelShape::ring || level.extent < 2) continue;
    // Across the middle of every ring of this level: two links per line that has n chips.
    const double half = std::floor(n / 2) / n;
    const std::uint32_t around = ways_around(group, l);
    BytesPerSecond per_chip = level.injection() / (n * half);
    if (around != 0) per_chip = per_chip + capacity(group, around);
    tighten(bound, size * (1 - half) / per_chip, group, around | (1U << l));
  }
  return bound;
}

Bound uneven_exchange_bound(const Machine& group, Bytes size, double imbalance) {
  Bound bound = exchange_bound(group, size);  // the side of a cut that has the busy rank
  if (imbalance != 1) tighten_around_busy(bound, group, size, imbalance);
  return bound;
}

Bound cut_bound(Collective collective, const Machine& group, Bytes size, double imbalance) {
  if (collective == Collective::barrier) return {};
  if (collective == Collective::all_to_all) return uneven_exchange_bound(group, size, imbalance);
  if (info(collective).rooted()) return rooted_bound(group, size, !info(collective).chunked_ends);
  return scatter_bound(group, size, collective == Collective::all_reduce);
}

}  // namespace

double share_of_others(double imbalance, double ranks) {
  return (ranks - imbalance) / (ranks - 1);
}

Bound lower_bound(Collective collective, const Machine& group, Bytes size, double imbalance) {
  Bound bound = cut_bound(collective, group, size, imbalance);
  for (const topology::Level& level : group.levels)
    bound.latency = std::max(bound.latency, topology::farthest_latency(level));
  return bound;
}

}  // namespace kernels
