// Runs the matmul suite and puts its samples into the results file.
#pragma once

#include <span>

#include "bench/record/table.hpp"
#include "bench/suites/matmul_cases.hpp"

namespace bench {

struct MatmulRounds {
  int threads = 1;
  int repetitions = 1;
};

/// One row of `measured/matmul` for each case, in this order; its samples are the repetitions. Some
/// cases at a time take turns: repetitions of one case that follow each other share whatever
/// happens to the machine within a second. @throws Error(usage), see check_multiplied;
/// Error(environment) when the disk refuses a row
void run_matmuls(Table& table, std::span<const MatmulCase> cases, const MatmulRounds& rounds);

}  // namespace bench
