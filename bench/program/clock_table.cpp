#include "bench/program/clock_table.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "kernels/collective/algorithms.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

constexpr std::array quantiles{0.0, 0.5, 0.99, 1.0};
constexpr std::size_t latest_shown = 3;

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

}  // namespace

ClockRow clock_point(kernels::Collective collective,
                     std::int64_t bytes,
                     const MeasureOptions& options,
                     const std::string& algorithm,
                     const topology::Machine& machine,
                     const ClockOptions& disturbances) {
  ClockRow result{predict_point(collective, bytes, options, algorithm, machine, is_clockable), {}};
  const auto schedule = kernels::build(collective, machine, result.row.prediction.algorithm);
  const topology::Bytes size(static_cast<double>(result.row.bytes));
  result.clock = run_clock(schedule, machine, size, disturbances);
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
  std::array<topology::Seconds, quantiles.size()> at;
  std::transform(quantiles.begin(), quantiles.end(), at.begin(), [&](double q) {
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

}  // namespace bench
