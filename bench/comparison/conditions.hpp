// What went on beside the measurements that are compared, and what may be said in spite of it.
#pragma once

#include <string>
#include <vector>

#include "bench/comparison/timed_points.hpp"

namespace bench {

struct Conditions {
  double others = 0;    ///< by which a time may be longer for what others took of the CPU time
  double guests = 0;    ///< the same of CPU times, to which only the host's other guests add
  bool shared = false;  ///< the machine was not ours alone
  bool busy = false;    ///< others took too much to judge anything
  std::vector<std::string> doubts;  ///< of files, in words
};

[[nodiscard]] Conditions conditions(const std::vector<TimedFile>& references,
                                    const std::vector<TimedFile>& results);

/// Seconds between two cores, the least and the most.
struct Distances {
  double least = 0;
  double most = 0;

  /// Times of collectives between cores that stand so differently cannot be compared: a guest of a
  /// hypervisor was moved.
  [[nodiscard]] bool differ() const;
};

/// Around one point in both sets of results; zeros where not known of both.
[[nodiscard]] Distances distances(const TimedPoint& then, const TimedPoint& now);

}  // namespace bench
