#include "bench/executor/ranks.hpp"

#include <mpi.h>

namespace bench {
namespace {

Ranks of(MPI_Comm group) {
  Ranks ranks;
  MPI_Comm_rank(group, &ranks.rank);
  MPI_Comm_size(group, &ranks.size);
  return ranks;
}

}  // namespace

Ranks world() {
  return of(MPI_COMM_WORLD);
}

Ranks on_this_host() {
  MPI_Comm host = MPI_COMM_NULL;
  MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host);
  const Ranks ranks = of(host);
  MPI_Comm_free(&host);
  return ranks;
}

}  // namespace bench
