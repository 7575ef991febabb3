// Phases to a schedule. If reduce-scatter over digit i and over digit j are correct, one after the
// other is a reduce-scatter over both; all-gather is the mirror, all-reduce is one after the other
// (BlueConnect, SysML 2019), around an all-reduce of the last phase's own if it is one.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/phase.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

using topology::LevelShape;
using topology::Machine;

constexpr std::int64_t most_slices = 65536;

/// Levels of one member have nothing to exchange.
std::vector<std::size_t> without_single_members(std::vector<std::size_t> digits,
                                                const Machine& group) {
  digits.erase(
      std::remove_if(
          digits.begin(), digits.end(), [&](std::size_t d) { return group.levels[d].extent == 1; }),
      digits.end());
  return digits;
}

/// What the phases make of it: the way down, and the all-reduce at the bottom if there is one.
struct Descent {
  Sequence scatter;
  Sequence reduce;
};

bool gathers(Collective collective) {
  return collective == Collective::gather || collective == Collective::scatter;
}

Context whole(const Machine& group, Collective collective) {
  Context context;
  for (const topology::Level& level : group.levels) {
    context.extents.push_back(level.extent);
    context.ring.push_back(level.shape == LevelShape::ring);
    context.rate.push_back(level.port() * level.efficiency.value);
  }
  context.chunks.resize(group.levels.size());
  if (gathers(collective))
    for (DigitRange& range : context.chunks) range = {DigitRange::Kind::from, {}};
  return context;
}

/// Does the phase leave each member a part of what it had?
bool scatters(const Algorithm& algorithm, Collective collective) {
  if (collective == Collective::all_to_all) return true;
  return builder(algorithm, collective) == algorithm.phase && !algorithm.all_reduces;
}

/// What the phases so far have left.
struct Progress {
  Context context;
  std::vector<std::size_t> scattered;
  std::vector<std::size_t> at_root;  ///< digits in which only the root has anything any more
};

void pass(Progress& progress,
          const std::vector<std::size_t>& digits,
          bool parts,
          Collective collective) {
  auto& list = parts ? progress.scattered : progress.at_root;
  list.insert(list.end(), digits.begin(), digits.end());
  Context& context = progress.context;
  for (const std::size_t d : digits) {
    if (parts) context.chunks[d] = {DigitRange::Kind::from, {}};
    if (gathers(collective)) context.chunks[d] = {};
    context.blocks *= static_cast<double>(context.extents[d]);
  }
}

Descent descend(const std::vector<Phase>& phases, Collective collective, const Machine& group) {
  const bool rooted = info(collective).rooted();
  Progress progress{whole(group, collective), {}, {}};
  Descent descent;
  for (const Phase& phase : phases) {
    const auto digits = without_single_members(phase.digits, group);
    if (digits.empty()) continue;
    const Algorithm& algorithm = *phase.algorithm;
    Node node = builder(algorithm, collective)(progress.context, digits, phase.options);
    if (rooted) reserve_for_root(node, progress.at_root);
    (algorithm.all_reduces ? descent.reduce : descent.scatter).steps.push_back(std::move(node));
    pass(progress, digits, scatters(algorithm, collective), collective);
  }
  if (rooted && !progress.scattered.empty()) {
    Node node = gather_back(progress.context, progress.scattered);
    reserve_for_root(node, progress.at_root);
    descent.scatter.steps.push_back(std::move(node));
  }
  return descent;
}

std::vector<std::string> names_for(Collective collective) {
  std::vector<std::string> names;
  for (const Algorithm& algorithm : algorithms())
    if (builder(algorithm, collective) != nullptr) names.emplace_back(algorithm.name);
  return names;
}

void check(const std::vector<Phase>& phases, Collective collective) {
  const char* whole = nullptr;  // the phase before that has left the whole sum everywhere
  for (const Phase& phase : phases) {
    const Algorithm& algorithm = *phase.algorithm;
    if (whole != nullptr && !algorithm.all_reduces)
      topology::usage_error(fmt::format(
          "{} leaves the whole sum everywhere: only others that do may follow it", whole));
    if (builder(algorithm, collective) == nullptr)
      topology::usage_error(fmt::format("{} is no algorithm for {}; known: {}",
                                        algorithm.name,
                                        info(collective).name,
                                        fmt::join(names_for(collective), ", ")));
    if (algorithm.all_reduces) whole = algorithm.name;
  }
}

std::int64_t parse_slices(std::string_view text) {
  std::int64_t slices = 0;
  const char* end = text.data() + text.size();
  const auto [at, failure] = std::from_chars(text.data(), end, slices);
  if (failure != std::errc{} || at != end || slices < 1 || slices > most_slices)
    topology::usage_error(fmt::format(
        "'*{}' after an algorithm: expected a number of slices, 1 to {}", text, most_slices));
  return slices;
}

Node root(Collective collective, Descent descent) {
  switch (collective) {
    case Collective::all_to_all:
    case Collective::reduce_scatter:
    case Collective::reduce:
    case Collective::gather:
    case Collective::barrier:
      return std::move(descent.scatter);
    case Collective::all_gather:
    case Collective::broadcast:
    case Collective::scatter:
      return mirror(descent.scatter);
    case Collective::all_reduce:
      break;
  }
  Sequence all;  // filled by moves: a list of initialisers would copy the trees
  Node back = mirror(descent.scatter);
  all.steps.emplace_back(std::move(descent.scatter));
  if (!descent.reduce.steps.empty()) all.steps.emplace_back(std::move(descent.reduce));
  all.steps.push_back(std::move(back));
  return all;
}

bool unequal(const std::vector<std::size_t>& part, const Machine& group) {
  const auto injection = [&](std::size_t d) { return group.levels[d].reached(); };
  return std::any_of(part.begin(), part.end(), [&](std::size_t d) {
    return injection(d) != injection(part.front());
  });
}

/// The options worth trying for an algorithm on a part of the group.
std::vector<PhaseOptions> variants(const Algorithm& algorithm,
                                   const std::vector<std::size_t>& part,
                                   const Machine& group) {
  std::vector<PhaseOptions> all;
  for (const int radix : algorithm.radices) all.push_back({.radix = radix});
  if (all.empty()) all.emplace_back();
  const bool torus = group.levels[part.front()].shape == LevelShape::ring;
  if (algorithm.balances && torus && unequal(part, group)) all.push_back({.balanced = true});
  return all;
}

/// The phases that can serve one part of the group.
std::vector<std::string> options_of(const std::vector<std::size_t>& part,
                                    bool last,
                                    Collective collective,
                                    const Machine& group) {
  const bool torus = group.levels[part.front()].shape == LevelShape::ring;
  std::vector<std::string> options;
  for (const Algorithm& algorithm : algorithms())
    if ((torus ? algorithm.on_torus : algorithm.on_switch) &&
        builder(algorithm, collective) != nullptr && (last || !algorithm.all_reduces) &&
        supports(algorithm, part, group))
      for (const PhaseOptions& variant : variants(algorithm, part, group))
        options.push_back(phase_text(algorithm, part, group, variant));
  return options;
}

}  // namespace

Schedule build(Collective collective, const Machine& group, std::string_view text) {
  const std::size_t star = text.rfind('*');
  const std::vector<Phase> phases = parse_phases(text.substr(0, star), group);
  check(phases, collective);
  Schedule schedule;
  if (star != std::string_view::npos) schedule.slices = parse_slices(text.substr(star + 1));
  schedule.collective = collective;
  schedule.algorithm = text;
  for (const topology::Level& level : group.levels) schedule.extents.push_back(level.extent);
  schedule.root = root(collective, descend(phases, collective, group));
  return schedule;
}

std::vector<std::string> candidates(Collective collective, const Machine& group) {
  auto parts = parts_of(group);
  // A gather through the ports of the root's whole neighbourhood comes in from afar first.
  if (gathers(collective)) std::reverse(parts.begin(), parts.end());
  std::vector<std::string> texts{""};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto options = options_of(parts[i], i + 1 == parts.size(), collective, group);
    std::vector<std::string> longer;
    for (const std::string& head : texts)
      for (const std::string& option : options)
        longer.push_back(fmt::format("{}{}{}", head, head.empty() ? "" : "+", option));
    texts = longer;
  }
  if (parts.size() > 1 && builder(parse_algorithm("direct"), collective) != nullptr)
    texts.emplace_back("direct");
  return texts;
}

}  // namespace kernels
