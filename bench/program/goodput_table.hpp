// The goodput of a job, for people and for programs.
#pragma once

#include <vector>

#include "bench/program/goodput_job.hpp"
#include "bench/reliability/levers.hpp"
#include "kernels/reliability/run.hpp"

namespace bench {

void print_goodput(const GoodputJob& job, const std::vector<kernels::Run>& runs);
void print_goodput_json(const GoodputJob& job, const std::vector<kernels::Run>& runs);

}  // namespace bench
