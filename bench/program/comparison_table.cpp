#include "bench/program/comparison_table.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bench {
namespace {

constexpr double same_to = 1e-9;  ///< of modelled times

const char* word(Verdict verdict) {
  switch (verdict) {
    case Verdict::slower:
      return "SLOWER";
    case Verdict::faster:
      return "faster";
    case Verdict::unjudged:
      return "?";
    default:
      return "";
  }
}

const char* json_word(Verdict verdict) {
  switch (verdict) {
    case Verdict::slower:
      return "slower";
    case Verdict::faster:
      return "faster";
    case Verdict::unjudged:
      return "not judged";
    default:
      return "same";
  }
}

std::string times_or_dash(const std::optional<double>& ratio) {
  return ratio ? fmt::format("{:.3f}x", *ratio) : "-";
}

bool unchanged(const ComparedGroup& group) {
  return group.modelled &&
         std::all_of(group.points.begin(), group.points.end(), [](const ComparedPoint& point) {
           return std::abs(point.ratio - 1) <= same_to;
         });
}

std::size_t name_width(const RunComparison& comparison) {
  std::size_t width = 24;
  for (const ComparedGroup& group : comparison.groups) width = std::max(width, group.name.size());
  return width;
}

void print_group(const ComparedGroup& group, std::size_t width) {
  fmt::print("{:<{}} {:>6} {:>8} {:>16} {:>8} {:>9} {:>9} {:>9}  {}\n",
             group.name,
             width,
             group.judged() == 0 || group.judged() == group.points.size()
                 ? std::to_string(group.points.size())
                 : fmt::format("{}/{}", group.judged(), group.points.size()),
             fmt::format("{:.3f}x", group.ratio),
             group.modelled
                 ? ""
                 : fmt::format("{:.3f} to {:.3f}", group.interval.low, group.interval.high),
             fmt::format("{:.3f}x", group.fast),
             times_or_dash(group.relative),
             times_or_dash(group.control),
             times_or_dash(group.cpu),
             word(group.verdict));
}

void print_point(const ComparedPoint& point, std::size_t width) {
  fmt::print("{:<{}} {:>6} {:>8} {:>16} {:>8} {:>9} {:>9} {:>9}  {}\n",
             "  " + point.name,
             width,
             "",
             fmt::format("{:.3f}x", point.ratio),
             fmt::format("{:.3f} to {:.3f}", point.interval.low, point.interval.high),
             fmt::format("{:.3f}x", point.fast),
             times_or_dash(point.relative),
             "",
             times_or_dash(point.cpu),
             word(point.verdict));
}

void print_unchanged(const RunComparison& comparison) {
  std::size_t groups = 0;
  std::size_t points = 0;
  for (const ComparedGroup& group : comparison.groups)
    if (unchanged(group)) {
      ++groups;
      points += group.points.size();
    }
  if (groups > 0) fmt::print("# modelled and the same: {} points in {} groups\n", points, groups);
}

void print_missing(const RunComparison& comparison) {
  constexpr std::size_t most = 5;
  if (comparison.added > 0) fmt::print("# new: {} points\n", comparison.added);
  if (comparison.missing.empty()) return;
  fmt::print("# missing: {} points, such as", comparison.missing.size());
  for (std::size_t i = 0; i < std::min(most, comparison.missing.size()); ++i)
    fmt::print("{} {}", i == 0 ? "" : ";", comparison.missing[i]);
  fmt::print("\n");
}

nlohmann::ordered_json point_json(const ComparedPoint& point) {
  nlohmann::ordered_json out{{"name", point.name},
                             {"ratio", point.ratio},
                             {"low", point.interval.low},
                             {"high", point.interval.high},
                             {"fastest", point.fast},
                             {"relative", nullptr},
                             {"cpu", nullptr},
                             {"verdict", json_word(point.verdict)}};
  if (point.relative) out["relative"] = *point.relative;
  if (point.cpu) out["cpu"] = *point.cpu;
  return out;
}

}  // namespace

void print_comparison(const RunComparison& comparison, bool all) {
  const std::size_t width = name_width(comparison);
  fmt::print(
      "# time, new over old: geometric means over points, 95 % intervals; fastest: of the "
      "tenth percentiles; relative: over a control of the same run; cpu: of the CPU times\n{:<{}} "
      "{:>6} {:>8} {:>16} {:>8} {:>9} {:>9} {:>9}\n",
      "# group",
      width,
      "points",
      "ratio",
      "95 %",
      "fastest",
      "relative",
      "control",
      "cpu");
  for (const ComparedGroup& group : comparison.groups) {
    if (unchanged(group) && !all) continue;
    print_group(group, width);
    for (const ComparedPoint& point : group.points)
      if (all || point.verdict == Verdict::slower || point.verdict == Verdict::faster)
        print_point(point, width);
  }
  for (const std::string& doubt : comparison.doubts) fmt::print("# {}\n", doubt);
  for (const std::string& wrong : comparison.wrong) fmt::print("# {}\n", wrong);
  print_unchanged(comparison);
  print_missing(comparison);
}

void print_comparison_json(const RunComparison& comparison) {
  nlohmann::ordered_json out;
  out["slower"] = comparison.slower();
  for (const ComparedGroup& group : comparison.groups) {
    ComparedPoint whole{group.name,
                        group.ratio,
                        group.interval,
                        group.fast,
                        group.relative,
                        group.cpu,
                        {},
                        group.verdict};
    nlohmann::ordered_json one = point_json(whole);
    one["modelled"] = group.modelled;
    one["spread"] = group.spread;
    for (const ComparedPoint& point : group.points) one["points"].push_back(point_json(point));
    out["groups"].push_back(one);
  }
  out["doubts"] = comparison.doubts;
  out["wrong"] = comparison.wrong;
  out["missing"] = comparison.missing;
  out["added"] = comparison.added;
  fmt::print("{}\n", out.dump(2));
}

}  // namespace bench
