#include "bench/reliability/runs.hpp"

#include <cmath>
#include <type_traits>

#include <mpi.h>

namespace bench {
namespace {

using kernels::Reliability;
using kernels::Run;
using topology::Seconds;

static_assert(std::is_trivially_copyable_v<Run>);  // sent as bytes

/// Of all runs the first one of a rank.
std::int64_t first_of(std::int64_t runs, int rank, int size) {
  return runs * rank / size;
}

void gather(std::vector<Run>& runs, int size) {
  std::vector<int> counts;
  std::vector<int> begins;
  const auto all = static_cast<std::int64_t>(runs.size());
  const auto bytes = [](std::int64_t n) {
    return static_cast<int>(n * static_cast<std::int64_t>(sizeof(Run)));
  };
  for (int r = 0; r < size; ++r) {
    begins.push_back(bytes(first_of(all, r, size)));
    counts.push_back(bytes(first_of(all, r + 1, size)) - begins.back());
  }
  MPI_Allgatherv(MPI_IN_PLACE,
                 0,
                 MPI_DATATYPE_NULL,
                 runs.data(),
                 counts.data(),
                 begins.data(),
                 MPI_BYTE,
                 MPI_COMM_WORLD);
}

}  // namespace

std::vector<Run> simulate_runs(const Reliability& job,
                               Seconds duration,
                               std::int64_t runs,
                               std::uint64_t seed,
                               int rank,
                               int size) {
  std::vector<Run> all(static_cast<std::size_t>(runs));
  const std::int64_t end = first_of(runs, rank + 1, size);
#pragma omp parallel for schedule(dynamic)
  for (std::int64_t i = first_of(runs, rank, size); i < end; ++i)
    all[static_cast<std::size_t>(i)] =
        kernels::simulate_run(job, duration, seed, static_cast<std::uint64_t>(i));
  if (size > 1) gather(all, size);
  return all;
}

std::vector<double> goodputs(const std::vector<Run>& runs) {
  std::vector<double> shares;
  shares.reserve(runs.size());
  for (const Run& run : runs) shares.push_back(run[kernels::RunPart::useful] / run.total());
  return shares;
}

Run mean_run(const std::vector<Run>& runs) {
  Run mean;
  double failures = 0;
  for (const Run& run : runs) {
    for (std::size_t i = 0; i < kernels::run_parts; ++i) mean.of.at(i) += run.of.at(i);
    failures += static_cast<double>(run.failures);
  }
  const auto count = static_cast<double>(runs.size());
  for (Seconds& part : mean.of) part = part / count;
  mean.failures = std::llround(failures / count);
  return mean;
}

}  // namespace bench
