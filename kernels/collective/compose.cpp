// Text to phases, phases to a schedule. If reduce-scatter over digit i and over digit j are
// correct, one after the other is a reduce-scatter over both; all-gather is the mirror, all-reduce
// is one after the other (BlueConnect, SysML 2019).
#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "kernels/collective/algorithms.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

using topology::LevelShape;
using topology::Machine;

const std::vector<std::string>& algorithm_names() {
  static const std::vector<std::string> names{"ring", "rhd", "direct"};
  return names;
}

Phase::Algorithm parse_algorithm(std::string_view text) {
  const auto& names = algorithm_names();
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end()) topology::usage_error(topology::unknown_name("algorithm", text, names));
  return static_cast<Phase::Algorithm>(at - names.begin());
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(separator, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

int parse_ports(std::string_view text) {
  constexpr std::string_view key = "ports=";
  int ports = 0;
  const char* end = text.data() + text.size();
  if (text.substr(0, key.size()) != key ||
      std::from_chars(text.data() + key.size(), end, ports).ptr != end || ports < 1)
    topology::usage_error(fmt::format("'{}' in an algorithm: expected ports=N, N >= 1", text));
  return ports;
}

/// "rhd(x,y,z;ports=1)"
Phase parse_phase(const std::string& text, const Machine& group) {
  const std::size_t open = text.find('(');
  if (open == std::string::npos || text.back() != ')')
    topology::usage_error(fmt::format(
        "algorithm phase '{}': expected NAME(LEVEL,…), for example rhd(x,y,z)+ring(pod)", text));
  Phase phase;
  phase.algorithm = parse_algorithm(std::string_view(text).substr(0, open));
  const auto inside = split(std::string_view(text).substr(open + 1, text.size() - open - 2), ';');
  for (const std::string& level : split(inside.front(), ','))
    phase.digits.push_back(group.level(level));
  for (std::size_t i = 1; i < inside.size(); ++i) phase.ports = parse_ports(inside[i]);
  return phase;
}

bool is_ring(const Machine& group, std::size_t digit) {
  return group.levels[digit].shape == LevelShape::ring;
}

/// Runs of neighbouring levels of one kind: the torus, the switches, the network.
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

/// One algorithm for one part. Ring works on a level at a time. On a switch every lane of halving
/// would use the same port, so one is enough.
void append(std::vector<Phase>& phases,
            Phase::Algorithm algorithm,
            const std::vector<std::size_t>& part,
            const Machine& group) {
  if (algorithm == Phase::Algorithm::ring) {
    for (const std::size_t d : part) phases.push_back({algorithm, {d}, 0});
    return;
  }
  phases.push_back({algorithm, part, is_ring(group, part.front()) ? 0 : 1});
}

std::vector<Phase> parse_phases(std::string_view text, const Machine& group) {
  std::vector<Phase> phases;
  if (text.find('(') == std::string_view::npos) {
    const Phase::Algorithm algorithm = parse_algorithm(text);
    if (algorithm == Phase::Algorithm::direct) {
      phases.push_back({algorithm, {}, 0});
      for (std::size_t d = 0; d < group.levels.size(); ++d) phases.back().digits.push_back(d);
      return phases;
    }
    for (const auto& part : parts_of(group)) append(phases, algorithm, part, group);
    return phases;
  }
  for (const std::string& phase : split(text, '+')) phases.push_back(parse_phase(phase, group));
  return phases;
}

bool power_of_two(std::int64_t n) {
  return std::has_single_bit(static_cast<std::uint64_t>(n));
}

void check(const Phase& phase, const Machine& group) {
  if (phase.algorithm == Phase::Algorithm::ring && phase.digits.size() != 1)
    topology::usage_error("ring(…) works on one level: write ring(x)+ring(y)");
  if (phase.algorithm != Phase::Algorithm::halving) return;
  for (const std::size_t d : phase.digits)
    if (!power_of_two(group.levels[d].extent))
      topology::usage_error(fmt::format(
          "recursive halving and doubling (rhd) needs a power of two of members, level '{}' has "
          "{}; use ring or direct there, for example ring({})",
          group.levels[d].name,
          group.levels[d].extent,
          group.levels[d].name));
}

void check_covers(const std::vector<Phase>& phases, const Machine& group) {
  std::vector<int> uses(group.levels.size());
  for (const Phase& phase : phases)
    for (const std::size_t d : phase.digits) ++uses[d];
  for (std::size_t d = 0; d < uses.size(); ++d)
    if (uses[d] != 1)
      topology::usage_error(
          fmt::format("the algorithm uses level '{}' {} times; each level of "
                      "the group must be in exactly one phase",
                      group.levels[d].name,
                      uses[d]));
}

/// The phases that can serve one part of the group.
std::vector<std::string> options_of(const std::vector<std::size_t>& part, const Machine& group) {
  std::vector<std::string> levels;
  std::vector<std::string> rings;
  bool halves = true;
  for (const std::size_t d : part) {
    levels.push_back(group.levels[d].name);
    rings.push_back(fmt::format("ring({})", group.levels[d].name));
    halves = halves && power_of_two(group.levels[d].extent);
  }
  const std::string list = fmt::format("{}", fmt::join(levels, ","));
  std::vector<std::string> options{fmt::format("{}", fmt::join(rings, "+")),
                                   fmt::format("direct({})", list)};
  if (halves)
    options.push_back(
        fmt::format("rhd({}{})", list, is_ring(group, part.front()) ? "" : ";ports=1"));
  return options;
}

/// Levels of one member have nothing to exchange.
Phase without_single_members(Phase phase, const Machine& group) {
  phase.digits.erase(std::remove_if(phase.digits.begin(),
                                    phase.digits.end(),
                                    [&](std::size_t d) { return group.levels[d].extent == 1; }),
                     phase.digits.end());
  return phase;
}

Node scatter(const std::vector<Phase>& phases, const Machine& group) {
  Context context;
  for (const topology::Level& level : group.levels) {
    context.extents.push_back(level.extent);
    context.ring.push_back(level.shape == LevelShape::ring);
  }
  context.chunks.resize(group.levels.size());
  Sequence all;
  for (const Phase& whole : phases) {
    check(whole, group);
    const Phase phase = without_single_members(whole, group);
    if (phase.digits.empty()) continue;
    switch (phase.algorithm) {
      case Phase::Algorithm::ring:
        all.steps.push_back(ring_phase(context, phase.digits.front()));
        break;
      case Phase::Algorithm::halving:
        all.steps.push_back(halving_phase(context, phase.digits, phase.ports));
        break;
      case Phase::Algorithm::direct:
        all.steps.push_back(direct_phase(context, phase.digits));
        break;
    }
    for (const std::size_t d : phase.digits) context.chunks[d] = {Range::Kind::from, {}};
  }
  return all;
}

/// An all-to-all is a direct exchange whose receiver keeps the chunks apart.
Node scatter_apart(const std::vector<Phase>& phases, const Machine& group) {
  if (phases.size() != 1 || phases.front().algorithm != Phase::Algorithm::direct)
    topology::usage_error("all_to_all has one algorithm here: direct");
  Node node = scatter(phases, group);
  for (Node& step : std::get<Sequence>(node).steps) std::get<Exchange>(step).reduce = false;
  return node;
}

}  // namespace

Schedule build(Collective collective, const Machine& group, std::string_view text) {
  const std::vector<Phase> phases = parse_phases(text, group);
  check_covers(phases, group);
  Schedule schedule;
  schedule.collective = collective;
  schedule.algorithm = text;
  for (const topology::Level& level : group.levels) schedule.extents.push_back(level.extent);
  if (collective == Collective::all_to_all) {
    schedule.root = scatter_apart(phases, group);
    return schedule;
  }
  const Node down = scatter(phases, group);
  if (collective == Collective::reduce_scatter)
    schedule.root = down;
  else if (collective == Collective::all_gather)
    schedule.root = mirror(down);
  else
    schedule.root = Sequence{{down, mirror(down)}};
  return schedule;
}

std::vector<std::string> candidates(Collective collective, const Machine& group) {
  if (collective == Collective::all_to_all) return {"direct"};
  std::vector<std::string> texts{""};
  for (const auto& part : parts_of(group)) {
    std::vector<std::string> longer;
    for (const std::string& head : texts)
      for (const std::string& option : options_of(part, group))
        longer.push_back(fmt::format("{}{}{}", head, head.empty() ? "" : "+", option));
    texts = longer;
  }
  if (parts_of(group).size() > 1) texts.emplace_back("direct");
  return texts;
}

}  // namespace kernels
