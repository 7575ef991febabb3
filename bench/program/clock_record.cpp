#include "bench/program/clock_record.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "bench/program/measured_host.hpp"
#include "bench/program/recorded_command.hpp"
#include "kernels/collective/algorithms.hpp"

namespace bench {
namespace {

/// As they were typed.
std::string faults(const ClockFlags& flags) {
  std::string text;
  const auto add = [&text](const char* flag, const std::vector<std::string>& values) {
    for (const std::string& value : values)
      text += fmt::format("{}--{} {}", text.empty() ? "" : " ", flag, value);
  };
  add("slow", flags.slow);
  add("degrade", flags.degrade);
  add("fail", flags.fail);
  return text;
}

const ScalingPoint& on_one_rank(std::span<const ScalingPoint> points, bool weak) {
  return *std::find_if(points.begin(), points.end(), [weak](const ScalingPoint& point) {
    return point.weak == weak;
  });
}

}  // namespace

ClockRecord::ClockRecord(const PredictRequest& request,
                         const ClockFlags& flags,
                         const topology::Machine& machine)
    : flags_(flags),
      machine_(machine),
      path_(request.flags.output),
      file_(results_file(request, machine)),
      predictions_(file_, false),
      clocks_(file_.table(modelled_clock)) {
  if (flags.scaling) record_measuring_host(file_);
  if (flags.per_chip) chips_.emplace(file_.table(modelled_chip));
}

void ClockRecord::append(const ClockRow& row) {
  predictions_.append(std::span(&row.row, 1), machine_);
  if (chips_) append_chips(row);
  const auto& finish = row.clock.finish;
  const auto last = std::max_element(finish.begin(), finish.end());
  clocks_.append(Table::Row{clocks_.points(),
                            static_cast<std::int64_t>(flags_.seed),
                            portable(flags_.noise),
                            portable(flags_.skew),
                            faults(flags_),
                            row.clock.steps,
                            row.clock.quantile(0).value(),
                            row.clock.quantile(0.5).value(),
                            row.clock.quantile(0.99).value(),
                            to_seconds(*last).value(),
                            std::int64_t{last - finish.begin()}});
}

void ClockRecord::append_chips(const ClockRow& row) {
  std::vector<Table::Row> rows;
  rows.reserve(row.clock.finish.size());
  for (const Ticks finish : row.clock.finish)
    rows.push_back(
        {clocks_.points(), static_cast<std::int64_t>(rows.size()), to_seconds(finish).value()});
  chips_->append_all(rows);
}

void ClockRecord::append(std::span<const ScalingPoint> points, const ClockRow& row) {
  Table table = file_.table(measured_clock);
  for (const ScalingPoint& point : points)
    table.append(Table::Row{machine_.name,
                            std::string(kernels::info(row.row.collective).name),
                            row.row.prediction.algorithm,
                            row.row.bytes,
                            portable(flags_.noise),
                            std::string(point.weak ? "weak" : "strong"),
                            std::int64_t{point.ranks},
                            std::int64_t{point.threads},
                            point.chips,
                            point.steps,
                            point.median(),
                            point.updates() / point.median(),
                            point.efficiency(on_one_rank(points, point.weak))},
                 point.seconds);
  record_end(file_);
}

void ClockRecord::complete() {
  file_.complete();
  fmt::print(stderr, "results: {}\n", path_);
}

}  // namespace bench
