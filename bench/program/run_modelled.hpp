// What a run models, into its results file.
#pragma once

#include "bench/program/run_file.hpp"
#include "bench/record/result_file.hpp"

namespace bench {

/// Inputs and figures of the systems and chips, and all modelled tables.
void model_run(ResultFile& file, const RunFile& run);

}  // namespace bench
