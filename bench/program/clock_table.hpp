// What a clock for every chip says, as a table: when the first, the middle and the last chip
// finish.
#pragma once

#include <span>

#include "bench/clock/clock.hpp"
#include "bench/clock/critical_path.hpp"
#include "bench/clock/scaling.hpp"
#include "bench/program/collective_row.hpp"
#include "bench/program/collective_table.hpp"

namespace bench {

struct ClockRow {
  CollectiveRow row;  ///< with the prediction of the same schedule
  ClockResult clock;
};

/// Runs the algorithm that is named, or with "auto" the one that is predicted to be best. All ranks
/// call this and get the same.
[[nodiscard]] ClockRow clock_point(kernels::Collective collective,
                                   std::int64_t bytes,
                                   const MeasureOptions& options,
                                   const std::string& algorithm,
                                   const topology::Machine& machine,
                                   const ClockOptions& disturbances,
                                   ClockRanks& ranks);

void print_clock_header(TableStyle style);
void print_clock(const ClockRow& row, TableStyle style);

/// How fast the clocks ran on some of the ranks.
void print_scaling(std::span<const ScalingPoint> points, TableStyle style);

/// The chips that finish last, by their coordinates, and how far they are behind the median.
void print_latest(const ClockRow& row, const topology::Machine& machine);

/// How long chips wait, where the time of the last one went, and how far its lateness has spread.
void print_critical_path(const ClockRow& row,
                         const topology::Machine& machine,
                         const ClockOptions& disturbances);

}  // namespace bench
