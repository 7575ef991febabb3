#include "bench/distributed/matmul_measurement.hpp"

#include <mpi.h>

#include "bench/executor/start_line.hpp"

namespace bench {
namespace {

/// The reference takes about a second for as many.
constexpr double most_checked = 1e9;

template <class Work>
double timed(StartLine& line, Work&& work) {
  const double start = line.wait();
  work();
  double seconds = clock_seconds() - start;
  MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return seconds;
}

double most_of_all(double value) {
  MPI_Allreduce(MPI_IN_PLACE, &value, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return value;
}

}  // namespace

MatmulMeasurement measure(const kernels::DistributedMatmul& program,
                          const MatmulSampling& sampling) {
  const std::unique_ptr<MatmulExecution> execution = make_execution(program);
  StartLine line(Start::barrier);
  MatmulMeasurement out;
  for (int i = 0; i < sampling.warmup; ++i) {
    execution->multiply_only();
    execution->run();
  }
  for (int i = 0; i < sampling.samples; ++i) {
    out.alone.push_back(timed(line, [&] { execution->multiply_only(); }));
    out.seconds.push_back(timed(line, [&] { execution->run(); }));
  }
  out.moved = topology::Bytes(most_of_all(execution->moved().value()));
  if (sampling.check) out.checked = execution->check(most_checked);
  return out;
}

}  // namespace bench
