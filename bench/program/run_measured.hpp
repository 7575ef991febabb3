// What a run measures, into its results file.
#pragma once

#include <string>

#include "bench/executor/mpi.hpp"
#include "bench/program/run_file.hpp"
#include "bench/record/result_file.hpp"

namespace bench {

/// Collective; ranks other than 0 have no file, but all know where it is. @throws Error(verdict)
/// where elements are wrong
void measure_run(ResultFile* file,
                 const std::string& output,
                 const RunFile& run,
                 const MpiSession& mpi);

}  // namespace bench
