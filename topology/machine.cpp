#include "topology/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "topology/error.hpp"
#include "topology/names.hpp"

namespace topology {
namespace {

bool can_be_cut(const Level& level) { return level.shape != LevelShape::ring; }

/// Counts next to `chips` that slice accepts, at most one on each side.
std::vector<std::int64_t> nearest_counts(const Machine& machine, std::int64_t chips) {
  std::int64_t below = 0;
  std::int64_t above = 0;
  const auto consider = [&](std::int64_t count) {
    if (count < 2) return;
    if (count < chips) below = std::max(below, count);
    if (count > chips) above = above == 0 ? count : std::min(above, count);
  };
  std::int64_t group = 1;
  for (const Level& level : machine.levels) {
    const std::int64_t full = group * level.extent;
    consider(full);
    if (can_be_cut(level) && chips < full) {
      consider(chips / group * group);
      consider(chips / group * group + group);
    }
    if (can_be_cut(level)) consider(2 * group);
    group = full;
  }
  std::vector<std::int64_t> counts;
  for (const std::int64_t count : {below, above})
    if (count > 0) counts.push_back(count);
  return counts;
}

[[noreturn]] void refuse(const Machine& machine, std::int64_t chips) {
  const bool too_many = chips > machine.chips();
  usage_error(fmt::format("{} has {}{} chips; nearest counts that work: {}{}",
                          machine.name,
                          too_many ? fmt::format("{}, not ", machine.chips()) : "no part of ",
                          chips,
                          fmt::join(nearest_counts(machine, chips), ", "),
                          too_many ? "" : " (whole levels, or a part of a switched one)"));
}

}  // namespace

const char* name(LevelShape shape) {
  static constexpr std::array names = {"ring", "all_to_all", "clos"};
  return names.at(static_cast<std::size_t>(shape));
}

std::int64_t Machine::chips() const {
  std::int64_t product = 1;
  for (const Level& level : levels) product *= level.extent;
  return product;
}

std::size_t Machine::level(const std::string& level_name) const {
  std::vector<std::string> names;
  for (std::size_t l = 0; l < levels.size(); ++l) {
    if (levels[l].name == level_name) return l;
    names.push_back(levels[l].name);
  }
  usage_error(unknown_name("level", level_name, names));
}

Machine slice(const Machine& machine, std::int64_t chips) {
  if (chips < 2) usage_error(fmt::format("a collective needs at least 2 chips, not {}", chips));
  Machine part = machine;
  std::int64_t group = 1;  // chips of the levels below
  for (std::size_t l = 0; l < machine.levels.size(); ++l) {
    Level& level = part.levels[l];
    const std::int64_t full = group * level.extent;
    if (chips <= full) {
      part.levels.resize(l + 1);
      if (chips == full) return part;
      if (!can_be_cut(level) || chips % group != 0) refuse(machine, chips);
      const std::int64_t members = chips / group;
      level.size_source = {members,
                           Status::derived,
                           fmt::format("{} of {} members, as requested", members, level.extent)};
      level.extent = members;
      return part;
    }
    group = full;
  }
  refuse(machine, chips);
}

}  // namespace topology
