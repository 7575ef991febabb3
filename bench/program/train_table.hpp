// A predicted training step, for people and for programs.
#pragma once

#include <vector>

#include "bench/training/sensitivity.hpp"
#include "bench/training/step.hpp"

namespace bench {

void print_step(const Job& job, const Step& step, const std::vector<Sensitivity>& sensitivity);
void print_step_json(const Job& job, const Step& step, const std::vector<Sensitivity>& sensitivity);

}  // namespace bench
