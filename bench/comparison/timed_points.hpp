// The times that results files hold, as points that can be found again in other files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// What was timed, and how long it took in one file.
struct TimedPoint {
  std::string kernel;        ///< "all_reduce"; empty: not known
  std::string type;          ///< "f32", and what else tells kernels apart
  std::int64_t ranks = 0;    ///< of a collective; 0: not known, or it has none
  std::string name;          ///< within the group: "64 KiB in place"
  std::int64_t size = 0;     ///< bytes of a collective; 0: it has none
  bool modelled = false;     ///< the same in every run
  std::vector<double> time;  ///< samples, seconds
  /// Over a control of the same run, which the machine slows down as much: MPI's own call in turns
  /// with ours, or the multiply-adds of the same threads. Empty: there is none.
  std::vector<double> relative;
  /// CPU seconds of all threads together, a median of each file: others take none of them. Empty:
  /// not known.
  std::vector<double> cpu;
  /// Seconds that a cache line took between ranks before and after. Empty: not known.
  std::vector<double> core_to_core;

  /// Points that one kernel makes: "all_reduce f32, 2 ranks".
  [[nodiscard]] std::string group() const;
};

/// One file's points, and what else went on when they were measured.
struct TimedFile {
  std::string path;
  std::vector<TimedPoint> points;
  double foreign = 0;      ///< share of the host's CPU time that other processes took
  double stolen = 0;       ///< and other guests
  std::int64_t wrong = 0;  ///< points with wrong elements, also of MPI's own
};

/// Of all tables of a results file that hold times.
/// @throws Error(environment), see ReadFile
[[nodiscard]] TimedFile timed_points(const std::string& path);

}  // namespace bench
