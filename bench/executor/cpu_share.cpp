#include "bench/executor/cpu_share.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include <mpi.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench/executor/mpi.hpp"

namespace bench {
namespace {

double seconds(timeval t) {
  return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
}

/// Of all ranks of the calling rank's host; started without a launcher, of this process.
struct HostJob {
  double seconds = 0;  ///< of CPU
  int ranks = 1;
  int cores = 1;
};

HostJob host_job(double own) {
  HostJob job;
  job.seconds = own;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  sched_getaffinity(0, sizeof cores, &cores);
  if (MpiSession::running()) {
    MPI_Comm host = MPI_COMM_NULL;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
    MPI_Allreduce(&own, &job.seconds, 1, MPI_DOUBLE, MPI_SUM, host);
    MPI_Comm_size(host, &job.ranks);
    const cpu_set_t mine = cores;
    MPI_Allreduce(&mine, &cores, sizeof cores, MPI_BYTE, MPI_BOR, host);
    MPI_Comm_free(&host);
  }
  job.cores = std::max(1, CPU_COUNT(&cores));
  return job;
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
  const HostJob job = host_job(end.own - start_.own);
  CpuShare share;
  share.ranks = job.ranks;
  share.cores = job.cores;
  const double total = end.total - start_.total;
  if (total <= 0) return share;  // shorter than a tick
  share.foreign = std::clamp((end.busy - start_.busy - job.seconds) / total, 0.0, 1.0);
  share.stolen = std::clamp((end.stolen - start_.stolen) / total, 0.0, 1.0);
  return share;
}

}  // namespace bench
