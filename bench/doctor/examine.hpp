// Looks at a machine before a run: each function at one part of it.
#pragma once

#include <string>
#include <vector>

#include "bench/doctor/finding.hpp"

namespace bench {

/// The library, what starts ranks, and how many it would start.
[[nodiscard]] std::vector<Finding> examine_mpi();

/// Cores, limits, binding, vector units, frequencies.
[[nodiscard]] std::vector<Finding> examine_cores();

/// Who else uses the CPUs, watched for a third of a second.
[[nodiscard]] std::vector<Finding> examine_load();

/// Memory, limits on it, and what ranks share.
[[nodiscard]] std::vector<Finding> examine_memory();

/// HDF5, and a folder for results.
[[nodiscard]] std::vector<Finding> examine_files(const std::string& folder);

/// Interpreters that the scripts could take.
[[nodiscard]] std::vector<Finding> examine_python();

/// Variables that steer the speed of this program or of libraries below it.
[[nodiscard]] std::vector<Finding> examine_environment();

/// All of them.
[[nodiscard]] std::vector<Finding> examine_host(const std::string& folder);

/// The ranks of this job together, and what the first rank of each host finds there. Collective
/// over MPI_COMM_WORLD. @return on rank 0; nothing on others
[[nodiscard]] std::vector<Finding> examine_job(const std::string& folder);

}  // namespace bench
