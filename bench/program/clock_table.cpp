#include "bench/program/clock_table.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "bench/clock/clock_ranks.hpp"
#include "bench/clock/waiting.hpp"
#include "kernels/collective/algorithms.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

constexpr std::array tick_quantiles{0.0, 0.5, 0.99, 1.0};
constexpr std::size_t latest_shown = 3;
constexpr std::size_t steps_shown = 8;

double microseconds(topology::Seconds time) {
  return time.value() * 1e6;
}

std::string place_of(std::int64_t chip, const topology::Machine& machine) {
  std::string text;
  for (const topology::Level& level : machine.levels) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", level.name, chip % level.extent);
    chip /= level.extent;
  }
  return text;
}

std::string in_words(Ticks ticks) {
  return topology::format(to_seconds(ticks));
}

/// "161 us = 160 us charged + 1 us on degraded links"
void print_sum(const CriticalPath& path, const topology::Machine& machine) {
  std::string text = fmt::format("# critical path to chip {} ({}): {} = {} charged",
                                 path.last,
                                 place_of(path.last, machine),
                                 in_words(path.finish),
                                 in_words(path.sum(&PathStep::cost)));
  const auto add = [&text](Ticks ticks, const std::string& what) {
    if (ticks != 0) text += fmt::format(" + {} {}", in_words(ticks), what);
  };
  add(path.start, fmt::format("start of chip {}", path.first));
  add(path.sum(&PathStep::degraded), "on degraded links");
  add(path.sum(&PathStep::slow), "in slow chips");
  add(path.sum(&PathStep::noise), "noise");
  fmt::print("{}\n", text);
}

/// The steps that take longest beyond what is charged, in their order.
void print_costliest(const CriticalPath& path, const topology::Machine& machine) {
  const auto more = [](const PathStep& s) { return s.degraded + s.slow + s.noise; };
  std::vector<PathStep> steps = path.steps;
  std::stable_sort(steps.begin(), steps.end(), [&](const PathStep& a, const PathStep& b) {
    return more(a) > more(b);
  });
  steps.resize(std::min(steps.size(), steps_shown));
  std::sort(steps.begin(), steps.end(), [](const PathStep& a, const PathStep& b) {
    return a.step < b.step;
  });
  for (const PathStep& s : steps) {
    if (more(s) == 0) continue;
    const std::string waits = s.from == s.chip
                                  ? fmt::format("chip {}, late itself, hears", s.chip)
                                  : fmt::format("chip {} hears from chip {}", s.chip, s.from);
    std::string text = fmt::format("#   step {}: {} over {}: {}",
                                   s.step,
                                   waits,
                                   machine.levels[s.level].name,
                                   in_words(s.cost));
    if (s.degraded != 0) text += fmt::format(" + {} on a degraded link", in_words(s.degraded));
    if (s.slow != 0) text += fmt::format(" + {} as a slow chip", in_words(s.slow));
    if (s.noise != 0) text += fmt::format(" + {} noise", in_words(s.noise));
    fmt::print("{}\n", text);
  }
}

void print_spread(const CriticalPath& path) {
  std::string text;
  std::int64_t before = 0;
  for (const LateChips& late : path.late) {
    if (late.chips == before) continue;
    text += fmt::format("{}{} before step {}", text.empty() ? "" : ", ", late.chips, late.step);
    before = late.chips;
  }
  if (!text.empty()) fmt::print("# chips that are late: {}\n", text);
}

/// Mean wait of each UltraServer: what is below the network.
std::vector<Ticks> by_unit(const std::vector<Ticks>& waits, std::int64_t chips) {
  std::vector<Ticks> means;
  for (auto unit = waits.begin(); unit != waits.end(); unit += chips)
    means.push_back(std::accumulate(unit, unit + chips, Ticks{0}) / chips);
  return means;
}

void print_waits(std::vector<Ticks> waits, const topology::Machine& machine) {
  const std::size_t network = lowest_of_network(machine);
  const std::int64_t chips = machine.stride(network);
  const std::vector<Ticks> means = by_unit(waits, chips);
  std::sort(waits.begin(), waits.end());
  const auto at = [&waits](double q) {
    return in_words(waits[static_cast<std::size_t>(q * static_cast<double>(waits.size() - 1))]);
  };
  fmt::print("# waiting for others: least {}, median {}, p99 {}, most {}",
             at(0),
             at(0.5),
             at(0.99),
             at(1));
  if (means.size() > 1 && chips > 1) {
    const auto least = std::min_element(means.begin(), means.end());
    const auto most = std::max_element(means.begin(), means.end());
    const std::string& unit = machine.levels[network - 1].domain;
    fmt::print("; by {0}: least in {0} {1} (mean {2}), most in {0} {3} (mean {4})",
               unit,
               least - means.begin(),
               in_words(*least),
               most - means.begin(),
               in_words(*most));
  }
  fmt::print("\n");
}

}  // namespace

ClockRow clock_point(kernels::Collective collective,
                     std::int64_t bytes,
                     const MeasureOptions& options,
                     const std::string& algorithm,
                     const topology::Machine& machine,
                     const ClockOptions& disturbances,
                     ClockRanks& ranks) {
  ClockRow result{predict_point(collective, bytes, options, algorithm, machine, {is_clockable}),
                  {}};
  const auto schedule = kernels::build(collective, machine, result.row.prediction.algorithm);
  const topology::Bytes size(static_cast<double>(result.row.bytes));
  result.clock = run_clock(schedule, machine, size, disturbances, ranks);
  return result;
}

void print_clock_header(TableStyle style) {
  if (style == TableStyle::csv) {
    fmt::print(
        "collective,chips,size,count,type,redop,predicted,first,median,p99,last,steps,"
        "algorithm\n");
    return;
  }
  fmt::print("#{:>11} {:>10} {:>10} {:>10} {:>10} {:>10} {:>11} {:>8}  {}\n",
             "size",
             "predicted",
             "first",
             "median",
             "p99",
             "last",
             "last/pred.",
             "steps",
             "algorithm");
  fmt::print("#{:>11} {:>10} {:>10} {:>10} {:>10} {:>10}\n",
             "(B)",
             "(us)",
             "(us)",
             "(us)",
             "(us)",
             "(us)");
}

void print_clock(const ClockRow& row, TableStyle style) {
  const CollectiveRow& point = row.row;
  std::array<topology::Seconds, tick_quantiles.size()> at;
  std::transform(tick_quantiles.begin(), tick_quantiles.end(), at.begin(), [&](double q) {
    return row.clock.quantile(q);
  });
  const topology::Seconds predicted = point.prediction.time;
  if (style == TableStyle::csv) {
    fmt::print("{},{},{},{},{},{},{:.9g},{:.9g},{:.9g},{:.9g},{:.9g},{},\"{}\"\n",
               kernels::info(point.collective).name,
               point.ranks,
               point.bytes,
               point.count,
               topology::name(point.type),
               point.op,
               predicted.value(),
               at[0].value(),
               at[1].value(),
               at[2].value(),
               at[3].value(),
               row.clock.steps,
               point.prediction.algorithm);
    return;
  }
  fmt::print("{:>12} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.3f}x {:>8}  {}\n",
             point.bytes,
             microseconds(predicted),
             microseconds(at[0]),
             microseconds(at[1]),
             microseconds(at[2]),
             microseconds(at[3]),
             at[3] / predicted,
             row.clock.steps,
             point.prediction.algorithm);
}

void print_scaling(std::span<const ScalingPoint> points, TableStyle style) {
  if (style == TableStyle::csv)
    fmt::print("scaling,ranks,threads,chips,steps,time,rate,efficiency\n");
  else
    fmt::print(
        "# the clocks themselves, measured here: median of {} runs on the slowest rank\n"
        "#scaling  ranks  threads       chips    steps  time (ms)  clocks/s  efficiency\n",
        points.front().seconds.size());
  const ScalingPoint* one = nullptr;  // the first of its kind
  for (const ScalingPoint& point : points) {
    if (one == nullptr || one->weak != point.weak) one = &point;
    const char* kind = point.weak ? "weak" : "strong";
    const double rate = point.updates() / point.median();
    if (style == TableStyle::csv)
      fmt::print("{},{},{},{},{},{:.9g},{:.9g},{:.4f}\n",
                 kind,
                 point.ranks,
                 point.threads,
                 point.chips,
                 point.steps,
                 point.median(),
                 rate,
                 point.efficiency(*one));
    else
      fmt::print("{:>8} {:>6} {:>8} {:>11} {:>8} {:>10.2f} {:>9.3g} {:>10.0f}%\n",
                 kind,
                 point.ranks,
                 point.threads,
                 point.chips,
                 point.steps,
                 point.median() * 1e3,
                 rate,
                 point.efficiency(*one) * 100);
  }
}

void print_latest(const ClockRow& row, const topology::Machine& machine) {
  const std::vector<Ticks>& finish = row.clock.finish;
  std::vector<std::int64_t> chips(finish.size());
  std::iota(chips.begin(), chips.end(), 0);
  const std::size_t shown = std::min(latest_shown, chips.size());
  std::partial_sort(chips.begin(),
                    chips.begin() + static_cast<std::ptrdiff_t>(shown),
                    chips.end(),
                    [&](std::int64_t a, std::int64_t b) {
                      const Ticks left = finish[static_cast<std::size_t>(a)];
                      const Ticks right = finish[static_cast<std::size_t>(b)];
                      return left != right ? left > right : a < b;
                    });
  const topology::Seconds median = row.clock.quantile(0.5);
  for (std::size_t i = 0; i < shown; ++i) {
    const topology::Seconds behind =
        to_seconds(finish[static_cast<std::size_t>(chips[i])]) - median;
    fmt::print("# among the last: chip {} ({}), {} after the median\n",
               chips[i],
               place_of(chips[i], machine),
               topology::format(behind));
  }
}

void print_critical_path(const ClockRow& row,
                         const topology::Machine& machine,
                         const ClockOptions& disturbances) {
  const Prediction& prediction = row.row.prediction;
  const auto schedule = kernels::build(row.row.collective, machine, prediction.algorithm);
  const topology::Bytes size(static_cast<double>(row.row.bytes));
  print_waits(waiting(schedule, machine, size, disturbances, row.clock.finish), machine);
  const auto path = critical_path(schedule, machine, size, disturbances);
  if (!path) {
    fmt::print("# critical path: too many steps among too many chips to follow\n");
    return;
  }
  print_sum(*path, machine);
  print_costliest(*path, machine);
  if (disturbances.noise.none() && disturbances.skew.none()) print_spread(*path);
}

}  // namespace bench
