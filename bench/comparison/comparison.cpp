#include "bench/comparison/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace bench {
namespace {

using Files = std::vector<TimedFile>;
using Key = std::pair<std::string, std::string>;

constexpr double fast = 0.1;  ///< quantile of what nothing disturbed

/// One point in all files of a side.
struct Pooled {
  std::size_t order = 0;  ///< of appearance
  TimedPoint point;
  std::vector<double> medians;  ///< of each file
};

void append(std::vector<double>& all, const std::vector<double>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

std::map<Key, Pooled> pool(const Files& files) {
  std::map<Key, Pooled> all;
  for (const TimedFile& file : files)
    for (const TimedPoint& point : file.points) {
      auto [at, is_new] =
          all.try_emplace(Key{point.group(), point.name}, Pooled{all.size(), point, {}});
      Pooled& pooled = at->second;
      pooled.medians.push_back(median(point.time));
      if (is_new) continue;
      append(pooled.point.time, point.time);
      append(pooled.point.relative, point.relative);
    }
  return all;
}

template <class Compared>
Verdict judge(const Compared& what, bool time_alone, double tolerance) {
  double least = std::min(what.ratio, what.fast);
  double most = std::max(what.ratio, what.fast);
  if (what.relative && !time_alone) {
    least = std::min(least, *what.relative);
    most = std::max(most, *what.relative);
  }
  if (least > 1 + tolerance) return Verdict::slower;
  return most < 1 / (1 + tolerance) ? Verdict::faster : Verdict::same;
}

/// What the surroundings of both sides allow to say.
struct Surround {
  double widening = 0;  ///< of tolerances of what is measured
  bool busy = false;    ///< nothing measured can be judged
  bool moved = false;   ///< no collective can
  std::vector<std::string> doubts;

  [[nodiscard]] bool forbids(const TimedPoint& point) const {
    return !point.modelled && (busy || (moved && point.size > 0));
  }
};

void add_disturbance(const TimedFile& file, Surround& all) {
  constexpr double busy = 0.2;  // of the CPU time
  constexpr double quiet = 0.02;
  all.widening = std::max(all.widening, 2 * file.disturbance);
  all.busy |= file.disturbance > busy;
  if (file.disturbance > quiet)
    all.doubts.push_back(fmt::format("{}: others took {:.0f} % of the CPU time{}",
                                     file.path,
                                     100 * file.disturbance,
                                     file.disturbance > busy ? ": not judged" : ""));
}

Surround surround(const Files& references, const Files& results) {
  constexpr double farther = 1.25;
  Surround all;
  std::vector<double> then;
  std::vector<double> now;
  for (const Files* side : {&references, &results})
    for (const TimedFile& file : *side) {
      add_disturbance(file, all);
      if (file.core_to_core > 0) (side == &references ? then : now).push_back(file.core_to_core);
    }
  if (then.empty() || now.empty()) return all;
  const double ratio = median(now) / median(then);
  all.moved = ratio > farther || ratio < 1 / farther;
  if (all.moved)
    all.doubts.push_back(
        fmt::format("a cache line took {:.0f} ns from core to core, now {:.0f}: collectives are "
                    "not judged",
                    1e9 * median(then),
                    1e9 * median(now)));
  return all;
}

ComparedPoint compared(const TimedPoint& then,
                       const TimedPoint& now,
                       const Tolerances& tolerances,
                       const ComparedGroup& group) {
  ComparedPoint point;
  point.name = now.name;
  point.ratio = median(now.time) / median(then.time);
  point.fast = quantile(now.time, fast) / quantile(then.time, fast);
  point.interval = median_ratio_interval(now.time, then.time);
  if (!then.relative.empty() && !now.relative.empty())
    point.relative = median(now.relative) / median(then.relative);
  const double tolerance = tolerances.of(now.size) + group.widening;
  point.verdict = judge(point, tolerances.time_alone, tolerance);
  if (point.verdict == Verdict::slower && point.interval.low <= 1 + tolerance)
    point.verdict = Verdict::same;
  if (!group.judged) point.verdict = Verdict::same;
  return point;
}

/// Geometric; missing where a point has none.
template <class Get>
std::optional<double> mean(const std::vector<ComparedPoint>& points, const Get& get) {
  double logs = 0;
  for (const ComparedPoint& point : points) {
    const std::optional<double> value = get(point);
    if (!value) return std::nullopt;
    logs += std::log(*value);
  }
  return std::exp(logs / static_cast<double>(points.size()));
}

/// How far one reference is from all of them, at most, as a share.
double spread(const std::vector<const Pooled*>& points, std::size_t files) {
  double most = 0;
  for (std::size_t f = 0; f < files && files > 1; ++f) {
    double logs = 0;
    for (const Pooled* pooled : points) {
      if (pooled->medians.size() != files) return 0;  // not in every file
      logs += std::log(pooled->medians[f] / median(pooled->medians));
    }
    most = std::max(most, std::abs(logs / static_cast<double>(points.size())));
  }
  return std::expm1(most);
}

void judge(ComparedGroup& group, const Tolerances& tolerances) {
  group.ratio = mean(group.points, [](const auto& p) { return std::optional(p.ratio); }).value();
  group.fast = mean(group.points, [](const auto& p) { return std::optional(p.fast); }).value();
  group.relative = mean(group.points, [](const auto& p) { return p.relative; });
  if (group.relative) group.control = group.ratio / *group.relative;
  std::vector<double> logs;
  logs.reserve(group.points.size());
  for (const ComparedPoint& point : group.points) logs.push_back(std::log(point.ratio));
  const Interval interval = mean_interval(logs);
  group.interval = group.points.size() == 1
                       ? group.points.front().interval
                       : Interval{std::exp(interval.low), std::exp(interval.high)};
  group.verdict = judge(
      group, tolerances.time_alone, std::max(tolerances.group, 2 * group.spread) + group.widening);
  if (!group.judged) group.verdict = Verdict::unjudged;
}

}  // namespace

double Tolerances::of(std::int64_t size) const {
  for (const SizeTolerance& of_size : sizes)
    if (size >= of_size.least && size <= of_size.most && size > 0) return of_size.share;
  return point;
}

bool RunComparison::slower() const {
  return std::any_of(groups.begin(), groups.end(), [](const ComparedGroup& group) {
    return group.verdict == Verdict::slower ||
           std::any_of(group.points.begin(), group.points.end(), [](const ComparedPoint& point) {
             return point.verdict == Verdict::slower;
           });
  });
}

RunComparison compare(const Files& references, const Files& results, const Tolerances& tolerances) {
  const std::map<Key, Pooled> then = pool(references);
  const std::map<Key, Pooled> now = pool(results);
  RunComparison all;
  std::vector<const Pooled*> ordered;
  ordered.reserve(then.size());
  for (const auto& [key, pooled] : then) ordered.push_back(&pooled);
  std::sort(ordered.begin(), ordered.end(), [](const Pooled* a, const Pooled* b) {
    return a->order < b->order;
  });
  const Surround around = tolerances.time_alone ? Surround{} : surround(references, results);
  all.doubts = around.doubts;
  std::map<std::string, std::size_t> places;
  std::map<std::string, std::vector<const Pooled*>> members;
  for (const Pooled* pooled : ordered) {
    const TimedPoint& point = pooled->point;
    const auto found = now.find({point.group(), point.name});
    if (found == now.end()) {
      all.missing.push_back(point.group() + ": " + point.name);
      continue;
    }
    const auto [place, is_new] = places.try_emplace(point.group(), all.groups.size());
    if (is_new) {
      all.groups.emplace_back().name = point.group();
      all.groups.back().modelled = point.modelled;
    }
    ComparedGroup& group = all.groups[place->second];
    if (!point.modelled) group.widening = around.widening;
    group.judged = !around.forbids(point);
    group.points.push_back(compared(point, found->second.point, tolerances, group));
    members[point.group()].push_back(pooled);
  }
  for (const auto& [key, pooled] : now)
    if (!then.contains(key)) ++all.added;
  for (ComparedGroup& group : all.groups) {
    group.spread = spread(members[group.name], references.size());
    judge(group, tolerances);
  }
  return all;
}

}  // namespace bench
