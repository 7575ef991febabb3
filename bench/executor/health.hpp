// Which rank, or which link between neighbours, is slower than the others, and how sure that is.
#pragma once

#include <string>
#include <vector>

#include "bench/executor/statistics.hpp"

namespace bench {

struct HealthOptions {
  double seconds = 1;       ///< of work on each rank
  double threshold = 0.65;  ///< of the usual rate, below which something is slow
};

/// A rank or a link beside the others of its kind.
struct Fitness {
  double share = 1;   ///< of the usual rate: the upper median of all
  Interval interval;  ///< 95 %, by bootstrap
  bool slow = false;  ///< all of the interval is below the threshold
};

struct RankHealth {
  int rank = 0;
  std::string host;
  Fitness fitness;
  double taken = 0;  ///< of its host's CPU time while ranks worked: by other processes and guests
};

/// Messages from a rank to the next one and back.
struct LinkHealth {
  int from = 0;
  int to = 0;
  double bytes_per_second = 0;
  Fitness fitness;  ///< slow only where neither end is
};

struct Health {
  std::vector<RankHealth> ranks;
  std::vector<LinkHealth> links;  ///< none where ranks outnumber cores: they wait for each other
};

/// Each rank works for itself on what its L2 cache holds, as many at a time as a host has cores;
/// then all even ranks exchange messages with the next one, then all odd ones. Collective over
/// MPI_COMM_WORLD; every rank has the same result.
[[nodiscard]] Health check_health(const HealthOptions& options);

/// The rates of several ranks or links, samples of each, compared.
[[nodiscard]] std::vector<Fitness> compare_rates(const std::vector<std::vector<Work>>& all,
                                                 double threshold);

}  // namespace bench
