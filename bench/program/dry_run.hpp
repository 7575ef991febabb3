// What a command would do, without doing it: --dry-run.
#pragma once

#include <string>
#include <vector>

#include "bench/program/measure_command.hpp"
#include "bench/program/predict_command.hpp"
#include "bench/program/run_file.hpp"
#include "bench/training/job.hpp"
#include "kernels/training/plan_space.hpp"
#include "topology/machine.hpp"

namespace bench {

/// Under mpirun for its ranks, alone for one. @throws Error(usage) for what the run would refuse
void dry_measure(const MeasureRequest& request);

void dry_predict(const PredictRequest& request, const topology::Machine& machine);

void dry_run_file(const RunFile& run, const std::string& output, bool force);

/// @param output empty: no results file
void dry_search(const Job& job,
                const kernels::PlanSpace& space,
                std::int64_t keep,
                const std::string& output);

}  // namespace bench
