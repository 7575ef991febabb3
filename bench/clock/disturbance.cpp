#include "bench/clock/disturbance.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using topology::Level;
using topology::LevelShape;
using topology::Machine;
using topology::usage_error;

/// The text before the last `separator`, and after it.
std::pair<std::string, std::string> cut(const std::string& text,
                                        char separator,
                                        const char* expected) {
  const std::size_t at = text.rfind(separator);
  if (at == std::string::npos || at == 0 || at + 1 == text.size())
    usage_error(fmt::format("'{}': expected {}", text, expected));
  return {text.substr(0, at), text.substr(at + 1)};
}

std::int64_t number_below(const std::string& text, std::int64_t end, const std::string& what) {
  std::int64_t value = 0;
  const char* last = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), last, value);
  if (failure != std::errc{} || at != last || value < 0 || value >= end)
    usage_error(fmt::format("'{}' is no {}: they are numbered from 0 to {}", text, what, end - 1));
  return value;
}

/// Chips in one instance of a place: 1 for "chip", else of the level whose domain it is.
std::int64_t chips_of(const std::string& place, const Machine& machine) {
  std::vector<std::string> known{"chip"};
  if (place == "chip") return 1;
  std::int64_t chips = 1;
  for (const topology::Level& level : machine.levels) {
    chips *= level.extent;
    if (level.domain == place) return chips;
    known.push_back(level.domain);
  }
  usage_error(topology::unknown_name("place", place, known));
}

/// "x+@ultraserver=5": which links, before how much of them is left.
DegradedLinks parse_links(const std::string& text, const Machine& machine) {
  constexpr const char* expected = "LINKS@PLACE=NUMBER, such as 'x+@ultraserver=5'";
  const auto [links_at, number] = cut(text, '=', expected);
  const auto [links, place] = cut(links_at, '@', expected);
  DegradedLinks result;
  const char sign = links.back();
  const bool has_sign = sign == '+' || sign == '-';
  const std::string name = has_sign ? links.substr(0, links.size() - 1) : links;
  result.level = machine.level(name);
  const bool ring = machine.levels[result.level].shape == LevelShape::ring;
  if (ring != has_sign)
    usage_error(fmt::format("'{}': {}",
                            text,
                            ring ? fmt::format("{0} is a ring, so {0}+ or {0}-", name)
                                 : fmt::format("{} is a switch and has no direction", name)));
  result.direction = sign == '-' ? -1 : 1;
  const std::int64_t chips = chips_of(place, machine);
  result.first = chips * number_below(number, machine.chips() / chips, place);
  result.last = result.first + chips;
  return result;
}

/// Chips whose ports can stand in for each other: those below the level, of a clos those below its
/// lowest tier.
std::int64_t sharers(const Machine& machine, std::size_t level) {
  while (level > 0 && machine.levels[level].shape == LevelShape::clos &&
         machine.levels[level - 1].shape == LevelShape::clos)
    --level;
  return machine.stride(level);
}

}  // namespace

SlowChip parse_slow(const std::string& text, const Machine& machine) {
  const auto [chip, factor] = cut(text, ':', "CHIP:FACTOR, such as '17:1.5'");
  const SlowChip slow{number_below(chip, machine.chips(), "chip of " + machine.name),
                      topology::parse<double>(factor)};
  if (slow.factor < 1)
    usage_error(fmt::format("'{}': a slow chip takes at least 1 times as long", text));
  return slow;
}

DegradedLinks parse_degraded(const std::string& text, const Machine& machine) {
  const auto [links, factor] =
      cut(text, ':', "LINKS@PLACE=NUMBER:FACTOR, such as 'x+@ultraserver=5:0.5'");
  DegradedLinks degraded = parse_links(links, machine);
  degraded.factor = topology::parse<double>(factor);
  if (!(degraded.factor > 0 && degraded.factor <= 1))
    usage_error(
        fmt::format("'{}': the factor is the share of the bandwidth that is left, above 0 "
                    "and at most 1",
                    text));
  return degraded;
}

FailedLink parse_failed_link(const std::string& text, const Machine& machine) {
  const DegradedLinks links = parse_links(text, machine);
  const Level& level = machine.levels[links.level];
  if (links.last - links.first != 1)
    usage_error(fmt::format("'{}': links of a ring fail one by one, as in 'x+@chip=17'", text));
  if (level.extent <= 2)
    usage_error(
        fmt::format("'{}': a ring of {} members has no other way round", text, level.extent));
  return {links.level, links.direction, links.first};
}

std::vector<DegradedLinks> parse_failed_ports(const std::vector<std::string>& texts,
                                              const Machine& machine) {
  std::map<std::pair<std::size_t, std::int64_t>, std::set<std::int64_t>> failed;  // by domain
  for (const std::string& text : texts) {
    const DegradedLinks ports = parse_links(text, machine);
    const std::int64_t domain = sharers(machine, ports.level);
    auto& chips = failed[{ports.level, ports.first / domain}];
    for (std::int64_t chip = ports.first; chip < std::min(ports.last, ports.first + domain); ++chip)
      chips.insert(chip);
    if (static_cast<std::int64_t>(chips.size()) >= domain)
      usage_error(fmt::format(
          "'{}': no port is left to carry the rest; leave the place out with --without", text));
  }
  std::vector<DegradedLinks> all;
  for (const auto& [where, chips] : failed) {
    const std::int64_t domain = sharers(machine, where.first);
    all.push_back({where.first,
                   1,
                   where.second * domain,
                   (where.second + 1) * domain,
                   1 - static_cast<double>(chips.size()) / static_cast<double>(domain)});
  }
  return all;
}

Machine without(const std::string& text, const Machine& machine) {
  const auto [place, number] = cut(text, '=', "PLACE=NUMBER, such as 'ultraserver=5'");
  const std::int64_t chips = chips_of(place, machine);
  static_cast<void>(number_below(number, machine.chips() / chips, place));
  std::size_t first = 0;  // level whose members are such places
  while (first < machine.levels.size() && machine.stride(first) != chips) ++first;
  const bool network = first < machine.levels.size() &&
                       std::all_of(machine.levels.begin() + static_cast<std::ptrdiff_t>(first),
                                   machine.levels.end(),
                                   [](const Level& l) { return l.shape == LevelShape::clos; });
  if (!network)
    usage_error(fmt::format(
        "'{}': only places on the network can be left out, a torus or switch needs all", text));
  Machine rest = machine;
  rest.levels.resize(first + 1);
  Level& level = rest.levels[first];
  for (std::size_t l = first; l < machine.levels.size(); ++l) {
    const Level& tier = machine.levels[l];
    if (tier.reached() < level.reached()) level.bandwidth = tier.bandwidth;
    if (tier.latency.value > level.latency.value) level.latency = tier.latency;
    if (tier.gap.value > level.gap.value) level.gap = tier.gap;
  }
  level.name = "network";
  level.domain = machine.levels.back().domain;
  level.extent = machine.chips() / chips - 1;
  level.size_source = {level.extent, topology::Status::derived, "one left out, as requested"};
  rest.name = fmt::format("{} without {}", machine.name, text);
  return rest;
}

}  // namespace bench
