// How many points a run file asks for, table by table.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/program/run_file.hpp"
#include "bench/suites/matmul_cases.hpp"

namespace bench {

/// Rows of one point: out of place, in place, and so MPI's.
[[nodiscard]] std::int64_t rows_of(const MeasuredCollectives& what);

[[nodiscard]] std::int64_t points_of(const MeasuredCollectives& what);

/// Every shape in every type, in the order of the results.
[[nodiscard]] std::vector<MatmulCase> cases_of(const MeasuredMatmuls& what);

/// Fewer elements than chips: there is no such collective; whoever models it counts it.
[[nodiscard]] bool too_small(const ModelledCollectives& what,
                             kernels::Collective collective,
                             std::int64_t bytes,
                             std::int64_t chips);

/// Of all systems, without those that are too small.
[[nodiscard]] std::int64_t modelled_points_of(const ModelledCollectives& what);

/// JSON: rows by table, so that a reader of an unfinished file can say what is missing.
[[nodiscard]] std::string plan_of(const RunFile& run, int ranks);

}  // namespace bench
