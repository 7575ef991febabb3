#include "bench/clock/scaling.hpp"

#include <algorithm>
#include <chrono>

#include <mpi.h>
#include <omp.h>

#include "bench/clock/clock_ranks.hpp"
#include "bench/executor/mpi.hpp"

namespace bench {
namespace {

using topology::Machine;

/// The first ranks of the job.
class FirstRanks {
 public:
  FirstRanks(int rank, int ranks, int all) : rank_(rank), ranks_(ranks) {
    if (all > 1) MPI_Comm_split(MPI_COMM_WORLD, takes_part() ? 0 : MPI_UNDEFINED, rank, &comm_);
  }

  ~FirstRanks() {
    if (comm_ != MPI_COMM_NULL) MPI_Comm_free(&comm_);
  }

  FirstRanks(const FirstRanks&) = delete;
  FirstRanks& operator=(const FirstRanks&) = delete;
  FirstRanks(FirstRanks&&) = delete;
  FirstRanks& operator=(FirstRanks&&) = delete;

  [[nodiscard]] bool takes_part() const { return rank_ < ranks_; }

  [[nodiscard]] ClockRanks clock(const Machine& machine) const {
    return {machine, rank_, ranks_, comm_};
  }

  void meet() const {
    if (ranks_ > 1) MPI_Barrier(comm_);
  }

  [[nodiscard]] double slowest(double seconds) const {
    if (ranks_ > 1) MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, comm_);
    return seconds;
  }

 private:
  int rank_;
  int ranks_;
  MPI_Comm comm_ = MPI_COMM_NULL;
};

/// With a share of the members of the highest level; none where that is no whole number.
std::vector<Machine> share_of(const Machine& machine, int ranks, int all) {
  Machine part = machine;
  std::int64_t& members = part.levels.back().extent;
  if (members * ranks % all != 0) return {};
  members = members * ranks / all;
  return {part};
}

std::vector<int> numbers_up_to(int ranks) {
  std::vector<int> numbers;
  for (int n = 1; n < ranks; n *= 2) numbers.push_back(n);
  numbers.push_back(ranks);
  return numbers;
}

}  // namespace

double ScalingPoint::median() const {
  std::vector<double> sorted = seconds;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t n = sorted.size();
  return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
}

double ScalingPoint::efficiency(const ScalingPoint& one) const {
  const double faster = (updates() / median()) / (one.updates() / one.median());
  return faster / ranks;
}

std::vector<ScalingPoint> clock_scaling(const BuildSchedule& build,
                                        const Machine& machine,
                                        topology::Bytes size,
                                        const ClockOptions& options,
                                        int samples,
                                        int rank,
                                        int ranks) {
  std::vector<ScalingPoint> points;
  const auto measure = [&](bool weak, int n, const Machine& part) {
    const FirstRanks first(rank, n, ranks);
    if (first.takes_part()) {
      const kernels::Schedule schedule = build(part);
      ScalingPoint point{weak, n, omp_get_max_threads(), part.chips(), 0, {}};
      for (int i = 0; i < samples + 1; ++i) {  // one to warm up
        ClockRanks clock = first.clock(part);
        first.meet();
        const auto start = std::chrono::steady_clock::now();
        point.steps = run_clock(schedule, part, size, options, clock).steps;
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
        const double slowest = first.slowest(taken.count());
        if (i > 0) point.seconds.push_back(slowest);
      }
      points.push_back(std::move(point));
    }
    MpiSession::wait_idle();
  };
  for (const int n : numbers_up_to(ranks)) measure(false, n, machine);
  for (const int n : numbers_up_to(ranks))
    for (const Machine& part : share_of(machine, n, ranks)) measure(true, n, part);
  return points;
}

}  // namespace bench
