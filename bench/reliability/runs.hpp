// Many runs of a job through its failures, shared among MPI ranks and threads.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/reliability/run.hpp"

namespace bench {

/// Runs 0 to `runs` - 1 of a seed; each is the same wherever it is made. Collective over
/// MPI_COMM_WORLD where there are several ranks. @return all of them, in order, on every rank
[[nodiscard]] std::vector<kernels::Run> simulate_runs(const kernels::Reliability& job,
                                                      topology::Seconds duration,
                                                      std::int64_t runs,
                                                      std::uint64_t seed,
                                                      int rank = 0,
                                                      int size = 1);

/// Share of the time that was useful.
[[nodiscard]] std::vector<double> goodputs(const std::vector<kernels::Run>& runs);

/// Part by part; failures are rounded.
[[nodiscard]] kernels::Run mean_run(const std::vector<kernels::Run>& runs);

}  // namespace bench
