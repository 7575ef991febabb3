// Our measuring code as it is, on a simulated machine: SMPI's MPI stands in for the real one.
//   measure_smpi SYSTEM COLLECTIVE ALGORITHM BYTES
// prints the median in simulated microseconds and the number of wrong elements.
#include <cstdio>
#include <cstdlib>

#include <mpi.h>

#include "bench/executor/measure.hpp"
#include "kernels/collective/algorithms.hpp"
#include "topology/machine.hpp"

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  if (argc != 5) MPI_Abort(MPI_COMM_WORLD, 2);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  {
    const topology::Machine machine = topology::load_system(argv[1]);
    const kernels::Collective collective = kernels::parse_collective(argv[2]);
    const kernels::Schedule schedule = kernels::build(collective, machine, argv[3]);
    bench::MeasureOptions options;
    options.samples = 3;
    options.warmup = 1;
    const auto count =
        bench::elements(collective, std::atol(argv[4]), options.type, machine.chips());
    const bench::Measurement measured = bench::Measure(schedule, count, options).run(true).front();
    if (rank == 0)
      std::printf("%.9g %ld\n", measured.median() * 1e6, static_cast<long>(measured.wrong));
  }
  MPI_Finalize();
  return 0;
}
