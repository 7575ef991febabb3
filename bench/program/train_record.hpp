// A training step in a results file.
#pragma once

#include <string>
#include <vector>

#include "bench/training/step.hpp"

namespace bench {

/// Where it goes, and what it was made of, as it was typed.
struct TrainRecord {
  std::string output;
  bool force = false;
  std::string model;
  std::string system;
  std::string software;
  std::vector<std::string> overrides;
};

/// @throws Error(environment), see ResultFile
void record_step(const TrainRecord& where, const Job& job, const Step& step);

}  // namespace bench
