// How long a distributed matmul takes under MPI, and whether it is right.
#pragma once

#include <vector>

#include "bench/distributed/matmul_execution.hpp"
#include "kernels/distributed/distributed_matmul.hpp"
#include "topology/quantity.hpp"

namespace bench {

struct MatmulSampling {
  int warmup = 2;
  int samples = 10;
  bool check = true;
};

/// Of the slowest rank, on all ranks the same.
struct MatmulMeasurement {
  std::vector<double> seconds;  ///< one per sample
  std::vector<double> alone;    ///< the multiplications without messages, in turns with them
  topology::Bytes moved;        ///< by the rank that moved most
  Checked checked;              ///< what the last run left; nothing where that was not asked for
};

/// Collective over MPI_COMM_WORLD. @throws Error(usage) as make_execution
[[nodiscard]] MatmulMeasurement measure(const kernels::DistributedMatmul& program,
                                        const MatmulSampling& sampling);

}  // namespace bench
