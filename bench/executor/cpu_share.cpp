#include "bench/executor/cpu_share.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include <mpi.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace bench {
namespace {

double seconds(timeval t) {
  return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
}

int cores_of(const cpu_set_t& mine, MPI_Comm host) {
  cpu_set_t all;
  MPI_Allreduce(&mine, &all, sizeof all, MPI_BYTE, MPI_BOR, host);
  return std::max(1, CPU_COUNT(&all));
}

}  // namespace

CpuClocks cpu_clocks() {
  // proc(5): user nice system idle iowait irq softirq steal, in clock ticks
  enum Column { user, nice, system, idle, iowait, irq, softirq, steal, columns };

  std::array<double, columns> ticks{};
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  for (double& tick : ticks) file >> tick;
  const auto rate = static_cast<double>(sysconf(_SC_CLK_TCK));
  CpuClocks clocks;
  for (const double tick : ticks) clocks.total += tick / rate;
  clocks.stolen = ticks[steal] / rate;
  clocks.busy = clocks.total - clocks.stolen - (ticks[idle] + ticks[iowait]) / rate;
  rusage self{};
  getrusage(RUSAGE_SELF, &self);
  clocks.own = seconds(self.ru_utime) + seconds(self.ru_stime);
  return clocks;
}

CpuWatch::CpuWatch() : start_(cpu_clocks()) {}

CpuShare CpuWatch::share() const {
  const CpuClocks end = cpu_clocks();
  MPI_Comm host = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  double own = end.own - start_.own;
  MPI_Allreduce(MPI_IN_PLACE, &own, 1, MPI_DOUBLE, MPI_SUM, host);
  CpuShare share;
  MPI_Comm_size(host, &share.ranks);
  cpu_set_t mine;
  CPU_ZERO(&mine);
  sched_getaffinity(0, sizeof mine, &mine);
  share.cores = cores_of(mine, host);
  MPI_Comm_free(&host);
  const double total = end.total - start_.total;
  if (total <= 0) return share;  // shorter than a tick
  share.foreign = std::clamp((end.busy - start_.busy - own) / total, 0.0, 1.0);
  share.stolen = std::clamp((end.stolen - start_.stolen) / total, 0.0, 1.0);
  return share;
}

}  // namespace bench
