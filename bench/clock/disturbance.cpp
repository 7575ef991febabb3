#include "bench/clock/disturbance.hpp"

#include <charconv>

#include <fmt/format.h>

#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

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
  constexpr const char* expected = "LINKS@PLACE=NUMBER:FACTOR, such as 'x+@ultraserver=5:0.5'";
  const auto [rest, factor] = cut(text, ':', expected);
  const auto [links_at, number] = cut(rest, '=', expected);
  const auto [links, place] = cut(links_at, '@', expected);
  DegradedLinks degraded;
  const char sign = links.back();
  const bool has_sign = sign == '+' || sign == '-';
  const std::string name = has_sign ? links.substr(0, links.size() - 1) : links;
  degraded.level = machine.level(name);
  const bool ring = machine.levels[degraded.level].shape == topology::LevelShape::ring;
  if (ring != has_sign)
    usage_error(fmt::format("'{}': {}",
                            text,
                            ring ? fmt::format("{0} is a ring, so {0}+ or {0}-", name)
                                 : fmt::format("{} is a switch and has no direction", name)));
  degraded.direction = sign == '-' ? -1 : 1;
  const std::int64_t chips = chips_of(place, machine);
  degraded.first = chips * number_below(number, machine.chips() / chips, place);
  degraded.last = degraded.first + chips;
  degraded.factor = topology::parse<double>(factor);
  if (!(degraded.factor > 0 && degraded.factor <= 1))
    usage_error(
        fmt::format("'{}': the factor is the share of the bandwidth that is left, above 0 "
                    "and at most 1",
                    text));
  return degraded;
}

}  // namespace bench
