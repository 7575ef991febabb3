#include "bench/executor/affinity.hpp"

#include <algorithm>

#include <mpi.h>
#include <sched.h>

#include "bench/executor/mpi.hpp"

namespace bench {

int lend_cores_to_rank_0() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  if (launched_rank() >= 0) {
    cpu_set_t all = cores;
    MPI_Comm host = MPI_COMM_NULL;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
    MPI_Allreduce(&cores, &all, sizeof cores, MPI_BYTE, MPI_BOR, host);
    MPI_Comm_free(&host);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0 && sched_setaffinity(0, sizeof all, &all) == 0) cores = all;
  }
  return std::max(1, CPU_COUNT(&cores));
}

}  // namespace bench
