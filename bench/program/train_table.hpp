// A predicted training step, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "bench/training/sensitivity.hpp"
#include "bench/training/step.hpp"

namespace bench {

void print_step(const Job& job, const Step& step, const std::vector<Sensitivity>& sensitivity);
void print_step_json(const Job& job, const Step& step, const std::vector<Sensitivity>& sensitivity);

/// The passes of the pipeline as Chrome trace events, one track for each rank of the pipeline: for
/// Perfetto or chrome://tracing. @throws Error(environment) where the file cannot be written
void write_timeline(const std::string& path, const Job& job, const Step& step);

}  // namespace bench
