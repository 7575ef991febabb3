#include "bench/comparison/conditions.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace bench {
namespace {

void add(const TimedFile& file, Conditions& all) {
  constexpr double busy = 0.2;  // of the CPU time
  constexpr double quiet = 0.02;
  const double taken = file.foreign + file.stolen;
  // Of two cores one may have lost all of it.
  all.others = std::max(all.others, 2 * taken);
  all.guests = std::max(all.guests, 2 * file.stolen);
  all.shared |= taken > quiet;
  all.busy |= taken > busy;
  if (taken > quiet)
    all.doubts.push_back(fmt::format("{}: others took {:.0f} % of the CPU time{}",
                                     file.path,
                                     100 * taken,
                                     taken > busy ? ": not judged" : ""));
}

}  // namespace

Conditions conditions(const std::vector<TimedFile>& references,
                      const std::vector<TimedFile>& results) {
  Conditions all;
  for (const auto* side : {&references, &results})
    for (const TimedFile& file : *side) add(file, all);
  return all;
}

bool Distances::differ() const {
  constexpr double farther = 1.25;
  return most > farther * least;
}

Distances distances(const TimedPoint& then, const TimedPoint& now) {
  if (then.core_to_core.empty() || now.core_to_core.empty()) return {};
  const auto [least_then, most_then] =
      std::minmax_element(then.core_to_core.begin(), then.core_to_core.end());
  const auto [least_now, most_now] =
      std::minmax_element(now.core_to_core.begin(), now.core_to_core.end());
  return {std::min(*least_then, *least_now), std::max(*most_then, *most_now)};
}

}  // namespace bench
