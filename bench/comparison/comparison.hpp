// Whether one set of results is slower than another, noise aside.
//
// A point is the ratio of medians with a bootstrap interval; a group, what one kernel makes, is the
// geometric mean over its points. Within a run samples scatter little, but runs of the same program
// differ by more: another process, another clock rate. So what counts as slower is slower by all of
// these: the medians; the tenth percentiles, since disturbances only ever add; and where a control
// of the same run exists, MPI's own calls or the multiply-adds of the same threads, the medians
// over it. Where several references are given, their spread widens the tolerance, and so does what
// others took of the host's CPU time, unless the CPU time has grown as well; when that was too
// much, or cores stood farther from each other than before (a virtual machine may be moved), times
// are shown but not judged.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "bench/comparison/conditions.hpp"
#include "bench/comparison/timed_points.hpp"
#include "bench/executor/statistics.hpp"

namespace bench {

/// For points of these sizes, instead of the usual one.
struct SizeTolerance {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  double share = 0;
};

struct Tolerances {
  double group = 0.10;  ///< by which a group may be slower
  double point = 0.50;  ///< by which a point may be slower, its whole interval
  std::vector<SizeTolerance> sizes;
  bool time_alone = false;  ///< by time alone, whatever else went on: the machine is on trial

  [[nodiscard]] double of(std::int64_t size) const;
};

enum class Verdict { same, slower, faster, unjudged };

struct ComparedPoint {
  std::string name;
  double ratio = 1;  ///< new time over old
  Interval interval;
  double fast = 1;                 ///< of the tenth percentiles
  std::optional<double> relative;  ///< the same over the control
  std::optional<double> cpu;       ///< of the CPU times
  Distances distances;             ///< of cores
  Verdict verdict = Verdict::same;
};

struct ComparedGroup {
  std::string name;
  bool modelled = false;
  double ratio = 1;  ///< geometric mean over the points that are judged, and so all that follow
  double fast = 1;
  Interval interval;               ///< by the scatter of the points
  std::optional<double> relative;  ///< where all points have a control
  std::optional<double> control;   ///< the control's own ratio
  std::optional<double> cpu;       ///< where all points have CPU times
  double spread = 0;               ///< of the references: largest departure from all of them
  Verdict verdict = Verdict::same;
  std::vector<ComparedPoint> points;

  [[nodiscard]] std::size_t judged() const;  ///< points
};

struct RunComparison {
  std::vector<ComparedGroup> groups;
  std::vector<std::string> missing;  ///< points of the references that the new results lack
  std::int64_t added = 0;            ///< points that only the new results have
  std::vector<std::string> doubts;   ///< why tolerances are wider, or times not judged
  std::vector<std::string> wrong;    ///< files with wrong elements, in words

  [[nodiscard]] bool slower() const;
};

[[nodiscard]] RunComparison compare(const std::vector<TimedFile>& references,
                                    const std::vector<TimedFile>& results,
                                    const Tolerances& tolerances);

}  // namespace bench
