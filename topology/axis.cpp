#include "topology/axis.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace topology {
namespace {

/// Of a level: `inside` members below the axis, `taken` of it, `outside` above.
struct Cut {
  std::int64_t inside = 1;
  std::int64_t taken = 1;
  std::int64_t outside = 1;
};

[[noreturn]] void refuse(const Level& level, std::int64_t group, std::int64_t members) {
  usage_error(fmt::format(
      "groups of {} chips do not divide level {} ({} members of {} chips each): choose sizes whose "
      "products divide {} or are multiples of it",
      members,
      level.name,
      level.extent,
      group,
      group * level.extent));
}

/// The part of a level that covers chips `group` to group * extent.
Cut cut(const Level& level, std::int64_t group, std::int64_t stride, std::int64_t members) {
  const std::int64_t full = group * level.extent;
  const std::int64_t begin = std::clamp(stride, group, full);
  const std::int64_t end = std::clamp(stride * members, group, full);
  if (begin % group != 0 || end % begin != 0 || full % end != 0) refuse(level, group, members);
  return {begin / group, end / begin, full / end};
}

/// As a level of its own.
Level taken_of(const Level& level, const Cut& part) {
  Level taken = level;
  taken.extent = part.taken;
  if (part.taken == level.extent) return taken;
  taken.size_source = {
      part.taken, Status::derived, fmt::format("{} of {} members", part.taken, level.extent)};
  if (level.shape != LevelShape::ring) return taken;
  const auto through = static_cast<double>(part.inside);
  double links = level.links.value / through;
  if (part.taken == 2 && part.outside == 1)
    links *= 2;  // half a ring apart: half of a message goes each way
  else if (part.taken > 2 && part.outside > 1)
    links /= 2;  // a line: what closes a ring of its members goes back over their links
  taken.links.value = links;
  taken.latency.value = level.latency.value + (through - 1) * level.hop.value;
  taken.hop.value = through * level.hop.value;
  return taken;
}

Level rest_of(const Level& level, std::int64_t extent, const char* where) {
  Level rest = level;
  rest.name = level.name + where;
  rest.extent = extent;
  return rest;
}

}  // namespace

Machine axis(const Machine& machine, std::int64_t stride, std::int64_t members) {
  expects(stride >= 1 && members >= 2, "an axis has two members or more");
  if (stride * members > machine.chips())
    usage_error(fmt::format(
        "{} has {} chips, fewer than {}", machine.name, machine.chips(), stride * members));
  Machine cut_up = machine;
  cut_up.levels.clear();
  std::vector<std::string> names;
  std::int64_t group = 1;
  for (const Level& level : machine.levels) {
    const Cut part = cut(level, group, stride, members);
    if (part.inside > 1) cut_up.levels.push_back(rest_of(level, part.inside, ", inside"));
    if (part.taken > 1) {
      cut_up.levels.push_back(taken_of(level, part));
      names.push_back(level.name);
    }
    if (part.outside > 1) cut_up.levels.push_back(rest_of(level, part.outside, ", outside"));
    group *= level.extent;
  }
  return topology::group(cut_up, names);
}

}  // namespace topology
