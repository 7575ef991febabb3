#include "kernels/collective/phase.hpp"

#include <algorithm>
#include <bit>
#include <charconv>

#include <fmt/format.h>

#include "kernels/collective/preset.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

using topology::Level;
using topology::LevelShape;
using topology::Machine;

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

/// The whole number of at least `least` after `key`, or 0 when that is not what stands there.
int number_after(std::string_view key, std::string_view text, int least) {
  int number = 0;
  const char* end = text.data() + text.size();
  if (!text.starts_with(key)) return 0;
  const auto [at, failure] = std::from_chars(text.data() + key.size(), end, number);
  return failure == std::errc{} && at == end && number >= least ? number : 0;
}

void parse_option(PhaseOptions& options, std::string_view text) {
  if (text == "balanced") {
    options.balanced = true;
    return;
  }
  for (const auto& [key, least, value] :
       {std::tuple{"ports=", 1, &options.ports}, std::tuple{"radix=", 2, &options.radix}})
    if ((*value = number_after(key, text, least)) != 0) return;
  topology::usage_error(fmt::format(
      "'{}' in an algorithm: expected ports=N, N >= 1, radix=N, N >= 2, or balanced", text));
}

/// "rhd(x,y,z;ports=1)"
Phase parse_phase(const std::string& text, const Machine& group) {
  const std::size_t open = text.find('(');
  if (open == std::string::npos || text.back() != ')')
    topology::usage_error(fmt::format(
        "algorithm phase '{}': expected NAME(LEVEL,…), for example rhd(x,y,z)+ring(pod)", text));
  Phase phase;
  phase.algorithm = &parse_algorithm(std::string_view(text).substr(0, open));
  const auto inside = split(std::string_view(text).substr(open + 1, text.size() - open - 2), ';');
  for (const std::string& level : split(inside.front(), ','))
    phase.digits.push_back(group.level(level));
  for (std::size_t i = 1; i < inside.size(); ++i) parse_option(phase.options, inside[i]);
  const auto radices = phase.algorithm->radices;
  if (radices.empty() && phase.options.radix > 0)
    topology::usage_error(fmt::format("{} has no radix", phase.algorithm->name));
  if (!radices.empty() && phase.options.radix == 0) phase.options.radix = radices.front();
  return phase;
}

bool power_of_two(std::int64_t n) {
  return std::has_single_bit(static_cast<std::uint64_t>(n));
}

/// A bare name stands for the whole group: one exchange of everybody, or part by part.
std::string spelt_out(const Algorithm& algorithm, const Machine& group) {
  std::vector<std::size_t> all;
  for (std::size_t d = 0; d < group.levels.size(); ++d) all.push_back(d);
  if (algorithm.at_once) return phase_text(algorithm, all, group);
  std::string text;
  for (const auto& part : parts_of(group))
    text += (text.empty() ? "" : "+") + phase_text(algorithm, part, group);
  return text;
}

std::string in_phases(std::string_view text, const Machine& group) {
  constexpr std::string_view neuron = "neuron:";
  if (text.starts_with(neuron)) return neuron_preset(text.substr(neuron.size()), group);
  if (text.find('(') != std::string_view::npos) return std::string(text);
  return spelt_out(parse_algorithm(text), group);
}

void check(const Phase& phase, const Machine& group) {
  const char* name = phase.algorithm->name;
  if (phase.algorithm->one_level && phase.digits.size() != 1)
    topology::usage_error(
        fmt::format("{0}(…) works on one level: write {0}(x)+{0}(y)", phase.algorithm->name));
  if (phase.options.balanced && (!phase.algorithm->balances || phase.options.ports > 0))
    topology::usage_error("'balanced' weights all lanes of rhd: rhd(x,y,z;balanced)");
  if (phase.algorithm->in_switch && !supports(*phase.algorithm, phase.digits, group))
    topology::usage_error(fmt::format("{} needs a switch that adds up: level '{}' has no in_switch",
                                      name,
                                      group.levels[phase.digits.front()].name));
  if (!phase.algorithm->powers_of_two) return;
  for (const std::size_t d : phase.digits)
    if (const Level& level = group.levels[d]; !power_of_two(level.extent))
      topology::usage_error(fmt::format(
          "{} needs a power of two of members, level '{}' has {}; use ring or direct "
          "there, for example ring({})",
          name == std::string_view("rhd") ? "recursive halving and doubling (rhd)" : name,
          level.name,
          level.extent,
          level.name));
}

void check_covers(const std::vector<Phase>& phases, const Machine& group) {
  std::vector<int> uses(group.levels.size());
  for (const Phase& phase : phases)
    for (const std::size_t d : phase.digits) ++uses[d];
  for (std::size_t d = 0; d < uses.size(); ++d)
    if (uses[d] != 1)
      topology::usage_error(
          fmt::format("the algorithm uses level '{}' {} times; each level of the group must be in "
                      "exactly one phase",
                      group.levels[d].name,
                      uses[d]));
}

bool is_ring(const Machine& group, std::size_t digit) {
  return group.levels[digit].shape == LevelShape::ring;
}

}  // namespace

std::vector<std::vector<std::size_t>> parts_of(const Machine& group) {
  std::vector<std::vector<std::size_t>> parts;
  for (std::size_t d = 0; d < group.levels.size(); ++d) {
    const bool joins =
        !parts.empty() && group.levels[parts.back().back()].shape == group.levels[d].shape;
    if (!joins) parts.emplace_back();
    parts.back().push_back(d);
  }
  return parts;
}

std::string phase_text(const Algorithm& algorithm,
                       const std::vector<std::size_t>& digits,
                       const Machine& group,
                       const PhaseOptions& options) {
  std::string after;
  if (algorithm.lanes && !is_ring(group, digits.front()))
    after = ";ports=1";
  else if (options.balanced)
    after = ";balanced";
  if (options.radix > 0) after += fmt::format(";radix={}", options.radix);
  std::vector<std::string> names;
  names.reserve(digits.size());
  for (const std::size_t d : digits)
    names.push_back(algorithm.one_level
                        ? fmt::format("{}({}{})", algorithm.name, group.levels[d].name, after)
                        : group.levels[d].name);
  if (algorithm.one_level) return fmt::format("{}", fmt::join(names, "+"));
  return fmt::format("{}({}{})", algorithm.name, fmt::join(names, ","), after);
}

bool supports(const Algorithm& algorithm,
              const std::vector<std::size_t>& digits,
              const Machine& group) {
  return std::all_of(digits.begin(), digits.end(), [&](std::size_t d) {
    const Level& level = group.levels[d];
    return (!algorithm.powers_of_two || power_of_two(level.extent)) &&
           (!algorithm.in_switch || level.in_switch.value > 0);
  });
}

std::vector<Phase> parse_phases(std::string_view text, const Machine& group) {
  const std::string whole = in_phases(text, group);
  std::vector<Phase> phases;
  for (const std::string& phase : split(whole, '+')) phases.push_back(parse_phase(phase, group));
  check_covers(phases, group);
  for (const Phase& phase : phases) check(phase, group);
  return phases;
}

}  // namespace kernels
