#include "bench/executor/start_line.hpp"

#include <algorithm>
#include <ctime>
#include <fstream>
#include <functional>
#include <string>

#include <fmt/format.h>
#include <mpi.h>
#include <sched.h>

#include "topology/error.hpp"

namespace bench {
namespace {

/// The longest that a broadcast takes here: rank 0's agreement must have come to all by then.
double longest_broadcast() {
  constexpr int tries = 10;
  double longest = 0;
  for (int i = 0; i < tries; ++i) {
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = clock_seconds();
    MPI_Barrier(MPI_COMM_WORLD);
    longest = std::max(longest, clock_seconds() - start);
  }
  MPI_Allreduce(MPI_IN_PLACE, &longest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return longest;
}

}  // namespace

bool one_clock() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  const auto hash = static_cast<unsigned long>(std::hash<std::string>()(id));
  unsigned long least = 0;
  unsigned long most = 0;
  MPI_Allreduce(&hash, &least, 1, MPI_UNSIGNED_LONG, MPI_MIN, MPI_COMM_WORLD);
  MPI_Allreduce(&hash, &most, 1, MPI_UNSIGNED_LONG, MPI_MAX, MPI_COMM_WORLD);
  return !id.empty() && least == most;
}

Start parse_start(std::string_view text) {
  if (text == "barrier") return Start::barrier;
  if (text == "window") return Start::window;
  topology::usage_error(fmt::format("--start '{}': expected barrier or window", text));
}

double clock_seconds() {
  timespec since_boot{};  // by its C name, which a simulated MPI replaces
  clock_gettime(CLOCK_MONOTONIC, &since_boot);
  return static_cast<double>(since_boot.tv_sec) + 1e-9 * static_cast<double>(since_boot.tv_nsec);
}

StartLine::StartLine(Start start) : start_(start) {
  if (start == Start::barrier) return;
  if (!one_clock())
    topology::usage_error(
        "--start window: the ranks run on several machines, whose clocks differ; use barrier");
  constexpr double room = 2;
  lead_ = room * longest_broadcast();
}

double StartLine::wait() {
  if (start_ == Start::barrier) {
    MPI_Barrier(MPI_COMM_WORLD);
    return clock_seconds();
  }
  MPI_Barrier(MPI_COMM_WORLD);  // else a rank that still works when the others agree comes late
  double begin = clock_seconds() + lead_;
  MPI_Bcast(&begin, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  late_ = clock_seconds() > begin;
  while (clock_seconds() < begin) sched_yield();
  return begin;
}

bool StartLine::all_in_time() const {
  if (start_ == Start::barrier) return true;
  int late = late_ ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &late, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  return late == 0;
}

}  // namespace bench
