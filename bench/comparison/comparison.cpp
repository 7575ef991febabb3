#include "bench/comparison/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "bench/comparison/conditions.hpp"

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

using Points = std::map<Key, Pooled>;

Points pool(const Files& files) {
  Points all;
  for (const TimedFile& file : files)
    for (const TimedPoint& point : file.points) {
      auto [at, is_new] =
          all.try_emplace(Key{point.group(), point.name}, Pooled{all.size(), point, {}});
      Pooled& pooled = at->second;
      pooled.medians.push_back(median(point.time));
      if (is_new) continue;
      append(pooled.point.time, point.time);
      append(pooled.point.relative, point.relative);
      append(pooled.point.cpu, point.cpu);
      append(pooled.point.core_to_core, point.core_to_core);
    }
  return all;
}

/// By which something may be slower.
struct Allowance {
  double time = 0;
  double cpu = 0;  ///< of its CPU time
};

/// Slower by time, or by a little less and by CPU time as well, to which others do not add. CPU
/// time alone does not tell: a thread that stands idle costs none.
template <class Compared>
Verdict judge(const Compared& what, bool time_alone, const Allowance& allowed) {
  double least = std::min(what.ratio, what.fast);
  double most = std::max(what.ratio, what.fast);
  if (what.relative && !time_alone) {
    least = std::min(least, *what.relative);
    most = std::max(most, *what.relative);
  }
  if (least > 1 + allowed.time) return Verdict::slower;
  if (what.cpu && std::min(least, *what.cpu) > 1 + allowed.cpu) return Verdict::slower;
  return most < 1 / (1 + allowed.time) ? Verdict::faster : Verdict::same;
}

ComparedPoint compared(const TimedPoint& then,
                       const TimedPoint& now,
                       const Tolerances& tolerances,
                       const Conditions& around) {
  ComparedPoint point;
  point.name = now.name;
  point.ratio = median(now.time) / median(then.time);
  point.fast = quantile(now.time, fast) / quantile(then.time, fast);
  point.interval = median_ratio_interval(now.time, then.time);
  if (!then.relative.empty() && !now.relative.empty())
    point.relative = median(now.relative) / median(then.relative);
  if (!then.cpu.empty() && !now.cpu.empty()) point.cpu = median(now.cpu) / median(then.cpu);
  const double tolerance = tolerances.of(now.size);
  const Allowance allowed{tolerance + around.others, tolerance + around.guests};
  point.verdict = judge(point, tolerances.time_alone, allowed);
  const double least = point.cpu ? allowed.cpu : allowed.time;
  if (point.verdict == Verdict::slower && point.interval.low <= 1 + least)
    point.verdict = Verdict::same;
  point.distances = distances(then, now);
  const bool moved = point.distances.differ() && !tolerances.time_alone;
  if (around.busy || moved) point.verdict = Verdict::unjudged;
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

/// Those that its verdict is about: where none is, all.
std::vector<ComparedPoint> judged_points(const ComparedGroup& group) {
  std::vector<ComparedPoint> judged;
  std::copy_if(group.points.begin(),
               group.points.end(),
               std::back_inserter(judged),
               [](const ComparedPoint& point) { return point.verdict != Verdict::unjudged; });
  return judged.empty() ? group.points : judged;
}

void judge(ComparedGroup& group, const Tolerances& tolerances, const Conditions& around) {
  const std::vector<ComparedPoint> points = judged_points(group);
  group.ratio = mean(points, [](const auto& p) { return std::optional(p.ratio); }).value();
  group.fast = mean(points, [](const auto& p) { return std::optional(p.fast); }).value();
  group.relative = mean(points, [](const auto& p) { return p.relative; });
  group.cpu = mean(points, [](const auto& p) { return p.cpu; });
  if (group.relative) group.control = group.ratio / *group.relative;
  std::vector<double> logs;
  logs.reserve(points.size());
  for (const ComparedPoint& point : points) logs.push_back(std::log(point.ratio));
  const Interval interval = mean_interval(logs);
  group.interval = points.size() == 1 ? points.front().interval
                                      : Interval{std::exp(interval.low), std::exp(interval.high)};
  // One point's samples have no others to make up for them: on a shared machine it is judged as a
  // point.
  const bool lone = points.size() == 1 && around.shared;
  const double usual = lone ? std::max(tolerances.group, tolerances.point) : tolerances.group;
  const double tolerance = std::max(usual, 2 * group.spread);
  group.verdict =
      judge(group, tolerances.time_alone, {tolerance + around.others, tolerance + around.guests});
  if (points.size() == 1 && group.verdict == Verdict::slower && group.interval.low <= 1 + tolerance)
    group.verdict = Verdict::same;
  if (group.judged() == 0) group.verdict = Verdict::unjudged;
}

/// Where guests were moved, in words.
std::string doubt_of_distances(const ComparedGroup& group) {
  Distances all{std::numeric_limits<double>::max(), 0};
  std::size_t differ = 0;
  for (const ComparedPoint& point : group.points)
    if (point.distances.differ()) {
      ++differ;
      all = {std::min(all.least, point.distances.least), std::max(all.most, point.distances.most)};
    }
  if (differ == 0) return {};
  return fmt::format(
      "{}: a cache line took {:.0f} to {:.0f} ns from core to core: {} of {} points are not judged",
      group.name,
      1e9 * all.least,
      1e9 * all.most,
      differ,
      group.points.size());
}

/// As they appear in the files.
std::vector<const Pooled*> in_order(const Points& points) {
  std::vector<const Pooled*> ordered;
  ordered.reserve(points.size());
  for (const auto& [key, pooled] : points) ordered.push_back(&pooled);
  std::sort(ordered.begin(), ordered.end(), [](const Pooled* a, const Pooled* b) {
    return a->order < b->order;
  });
  return ordered;
}

void note_wrong(const Files& files, RunComparison& all) {
  for (const TimedFile& file : files)
    if (file.wrong > 0)
      all.wrong.push_back(fmt::format("{}: elements of {} point{} are wrong",
                                      file.path,
                                      file.wrong,
                                      file.wrong == 1 ? "" : "s"));
}

/// Points that both sides have, in their groups. @return the references' of each group
std::vector<std::vector<const Pooled*>> put_in_groups(const Points& then,
                                                      const Points& now,
                                                      const Tolerances& tolerances,
                                                      const Conditions& around,
                                                      RunComparison& all) {
  std::map<std::string, std::size_t> places;
  std::vector<std::vector<const Pooled*>> members;
  for (const Pooled* pooled : in_order(then)) {
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
      members.emplace_back();
    }
    all.groups[place->second].points.push_back(
        compared(point, found->second.point, tolerances, point.modelled ? Conditions{} : around));
    members[place->second].push_back(pooled);
  }
  return members;
}

}  // namespace

std::size_t ComparedGroup::judged() const {
  return static_cast<std::size_t>(
      std::count_if(points.begin(), points.end(), [](const ComparedPoint& point) {
        return point.verdict != Verdict::unjudged;
      }));
}

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
  const Points then = pool(references);
  const Points now = pool(results);
  const Conditions around = tolerances.time_alone ? Conditions{} : conditions(references, results);
  RunComparison all;
  all.doubts = around.doubts;
  note_wrong(references, all);
  note_wrong(results, all);
  const auto members = put_in_groups(then, now, tolerances, around, all);
  all.added = std::count_if(
      now.begin(), now.end(), [&](const auto& point) { return !then.contains(point.first); });
  for (std::size_t g = 0; g < all.groups.size(); ++g) {
    ComparedGroup& group = all.groups[g];
    group.spread = spread(members[g], references.size());
    judge(group, tolerances, group.modelled ? Conditions{} : around);
    if (tolerances.time_alone) continue;
    if (std::string doubt = doubt_of_distances(group); !doubt.empty()) all.doubts.push_back(doubt);
  }
  return all;
}

}  // namespace bench
