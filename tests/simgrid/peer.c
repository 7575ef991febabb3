/* One collective of SimGrid's own, as SMPI runs it on a simulated platform: prints the simulated
   microseconds of the slowest rank.  peer COLLECTIVE BYTES, bytes as `rainier collective` counts
   them. */
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run(const char* what, float* from, float* to, int count, int ranks) {
  if (!strcmp(what, "all_reduce"))
    MPI_Allreduce(from, to, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  else if (!strcmp(what, "all_to_all"))
    MPI_Alltoall(from, count / ranks, MPI_FLOAT, to, count / ranks, MPI_FLOAT, MPI_COMM_WORLD);
  else if (!strcmp(what, "all_gather"))
    MPI_Allgather(from, count / ranks, MPI_FLOAT, to, count / ranks, MPI_FLOAT, MPI_COMM_WORLD);
  else if (!strcmp(what, "reduce_scatter"))
    MPI_Reduce_scatter_block(from, to, count / ranks, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
  else if (!strcmp(what, "broadcast"))
    MPI_Bcast(from, count, MPI_FLOAT, 0, MPI_COMM_WORLD);
  else
    MPI_Abort(MPI_COMM_WORLD, 2);
}

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int ranks = 0;
  int rank = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  const int count = (int)(atol(argv[2]) / (long)sizeof(float));
  float* from = calloc((size_t)count, sizeof(float));
  float* to = calloc((size_t)count, sizeof(float));
  const double begin = MPI_Wtime();
  run(argv[1], from, to, count, ranks);
  const double mine = MPI_Wtime() - begin;
  double slowest = 0;
  MPI_Reduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  if (rank == 0) printf("%.9g\n", slowest * 1e6);
  MPI_Finalize();
  return 0;
}
