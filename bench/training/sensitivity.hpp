// What a step depends on: d ln T / d ln x of each figure of the machine and its software. -1: twice
// as much halves the step; 0: it does not matter. Rates count negative, times positive.
#pragma once

#include <string>
#include <vector>

#include "bench/training/job.hpp"

namespace bench {

struct Sensitivity {
  std::string figure;  ///< "compute bf16", "pod bandwidth", …
  double exponent = 0;
};

/// Strongest first. By central differences of 1 %: the sum of the exponents of all rates minus that
/// of all times is -1 where nothing is left out, since with all rates doubled and all times halved
/// a step takes half as long.
[[nodiscard]] std::vector<Sensitivity> sensitivities(const Job& job);

}  // namespace bench
