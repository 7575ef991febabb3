// A model of the machine at hand, fitted from point-to-point exchanges of the same job: what
// `predict` needs to stand beside `measure`.
#pragma once

#include <string>
#include <vector>

#include "bench/executor/operation.hpp"
#include "topology/machine.hpp"

namespace bench {

/// One size of the fit: every rank sends to the next and receives from the previous one.
struct FitPoint {
  double bytes = 0;
  double seconds = 0;  ///< median over repetitions of the slowest rank
  double fastest = 0;  ///< the least of them
};

struct LevelFit {
  std::vector<FitPoint> points;
  double median_error = 0;  ///< of |fit / measured - 1| over the points
  double worst_error = 0;
};

struct HostFit {
  /// Switched levels with latency, bandwidth, gap; reduction. One level "ranks"; where several
  /// hosts have as many ranks each, "ranks" of a host and "hosts".
  topology::Machine machine;
  std::vector<LevelFit> levels;
};

/// Of a fit that nobody gave one, bytes: 32 MiB. Large exchanges take most of its time, so tests of
/// what stands beside it end sooner, by the environment's RAINIER_FIT_MAXBYTES (4K to 32M).
[[nodiscard]] int largest_exchange();

/// Collective over MPI_COMM_WORLD, at least two ranks; a second or two.
/// @param lowering of the schedules to be predicted: messages, host or mixed
/// @param largest  exchange of the fit, bytes; at least 4096
[[nodiscard]] HostFit fit_host(Lowering lowering = Lowering::messages,
                               int largest = largest_exchange());

/// "latency 87 ns, 10.1 GB/s per rank, gap 40 ns between messages, reduction 92 GB/s"; several
/// levels by name
[[nodiscard]] std::string describe(const topology::Machine& host);

/// T = latency + bytes / bandwidth, least squares of the relative error, so that every size counts
/// alike. @return {latency, seconds per byte}, neither negative
[[nodiscard]] std::pair<double, double> fit_line(const std::vector<FitPoint>& points);

}  // namespace bench
