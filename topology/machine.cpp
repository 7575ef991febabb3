#include "topology/machine.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/names.hpp"

namespace topology {
namespace {

bool can_be_cut(const Level& level) {
  return level.shape != LevelShape::ring;
}

/// Counts that slice accepts and that can be nearest to `chips`: whole levels, and of a switched
/// level the smallest part and those on either side of `chips`.
std::vector<std::int64_t> candidate_counts(const Machine& machine, std::int64_t chips) {
  std::vector<std::int64_t> counts;
  std::int64_t group = 1;
  for (const Level& level : machine.levels) {
    const std::int64_t full = group * level.extent;
    counts.push_back(full);
    const std::int64_t floor = chips / group * group;
    if (can_be_cut(level))
      for (const std::int64_t count : {2 * group, floor, floor + group})
        if (count < full) counts.push_back(count);
    group = full;
  }
  return counts;
}

/// At most one count on each side of `chips`.
std::vector<std::int64_t> nearest_counts(const Machine& machine, std::int64_t chips) {
  std::int64_t below = 0;
  std::int64_t above = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t count : candidate_counts(machine, chips)) {
    if (count >= 2 && count < chips) below = std::max(below, count);
    if (count > chips) above = std::min(above, count);
  }
  if (below == 0) return {above};
  return {below, above};
}

[[noreturn]] void refuse(const Machine& machine, std::int64_t chips) {
  if (chips > machine.chips())
    usage_error(fmt::format("{} has {} chips, not {}", machine.name, machine.chips(), chips));
  usage_error(
      fmt::format("{} has no part of {} chips; nearest counts that work: {} (whole levels, or a "
                  "part of a switched one)",
                  machine.name,
                  chips,
                  fmt::join(nearest_counts(machine, chips), ", ")));
}

/// A tier that stays is charged by itself; those between it and `level` are not there any more.
void pass_tiers_below(Level& level,
                      const Machine& machine,
                      const std::vector<bool>& kept,
                      std::size_t l) {
  while (l > 0 && machine.levels[l - 1].shape == LevelShape::clos && !kept[l - 1]) {
    const Level& below = machine.levels[--l];
    if (below.reached() >= level.reached()) continue;
    level.bandwidth = below.bandwidth;
    level.links = below.links;
    level.efficiency = below.efficiency;
  }
}

}  // namespace

const char* name(LevelShape shape) {
  static constexpr std::array names = {"ring", "all_to_all", "mesh", "clos"};
  return names.at(static_cast<std::size_t>(shape));
}

std::int64_t Machine::chips() const {
  std::int64_t product = 1;
  for (const Level& level : levels) product *= level.extent;
  return product;
}

std::int64_t Machine::stride(std::size_t level) const {
  std::int64_t product = 1;
  for (std::size_t l = 0; l < level; ++l) product *= levels[l].extent;
  return product;
}

std::size_t Machine::level(const std::string& level_name) const {
  for (std::size_t l = 0; l < levels.size(); ++l)
    if (levels[l].name == level_name) return l;
  std::vector<std::string> names;
  for (const Level& level : levels) names.push_back(level.name);
  usage_error(unknown_name("level", level_name, names));
}

bool has_part(const Machine& machine, std::int64_t chips) {
  std::int64_t group = 1;  // chips of the levels below
  for (const Level& level : machine.levels) {
    const std::int64_t full = group * level.extent;
    if (chips <= full)
      return chips >= 2 && (chips == full || (can_be_cut(level) && chips % group == 0));
    group = full;
  }
  return false;
}

Machine slice(const Machine& machine, std::int64_t chips) {
  if (chips < 2) usage_error(fmt::format("a collective needs at least 2 chips, not {}", chips));
  if (!has_part(machine, chips)) refuse(machine, chips);
  Machine part = machine;
  std::int64_t group = 1;
  for (std::size_t l = 0; l < machine.levels.size(); ++l) {
    Level& level = part.levels[l];
    const std::int64_t full = group * level.extent;
    if (chips <= full) {
      part.levels.resize(l + 1);
      if (chips == full) return part;
      const std::int64_t members = chips / group;
      level.size_source = {members,
                           Status::derived,
                           fmt::format("{} of {} members, as requested", members, level.extent)};
      level.extent = members;
      return part;
    }
    group = full;
  }
  return part;
}

Machine part(const Machine& machine, std::int64_t chips) {
  if (chips != 1 || machine.levels.empty()) return slice(machine, chips);
  Machine alone = machine;
  alone.levels.resize(1);
  Level& level = alone.levels.front();
  level.size_source = {
      1, Status::derived, fmt::format("1 of {} members, as requested", level.extent)};
  level.extent = 1;
  return alone;
}

Machine group(const Machine& machine, const std::vector<std::string>& level_names) {
  std::vector<bool> kept(machine.levels.size());
  for (const std::string& level_name : level_names) {
    const std::size_t l = machine.level(level_name);
    if (kept[l]) usage_error(fmt::format("a group has level '{}' twice", level_name));
    kept[l] = true;
  }
  Machine part = machine;
  part.levels.clear();
  for (std::size_t l = 0; l < kept.size(); ++l) {
    if (!kept[l]) continue;
    part.levels.push_back(machine.levels[l]);
    if (machine.levels[l].shape == LevelShape::clos)
      pass_tiers_below(part.levels.back(), machine, kept, l);
  }
  if (part.chips() < 2) usage_error("a group needs at least 2 chips");
  part.name = fmt::format("{}, each of {} groups over {}",
                          machine.name,
                          machine.chips() / part.chips(),
                          fmt::join(level_names, ", "));
  return part;
}

}  // namespace topology
