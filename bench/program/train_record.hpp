// A training step in a results file.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bench/record/result_file.hpp"
#include "bench/training/step.hpp"

namespace bench {

/// Where it goes, and what it was made of, as it was typed.
struct TrainRecord {
  std::string output;
  bool force = false;
  std::string model;
  std::vector<std::string> systems;
  std::string software;
  std::vector<std::string> overrides;
};

/// A results file with the inputs and figures of a job, and its tables of steps.
struct StepTables {
  /// @param machines of the systems in `where`, in their order
  /// @throws Error(environment), see ResultFile
  StepTables(const TrainRecord& where,
             const kernels::Model& model,
             const topology::Software& software,
             std::span<const topology::Machine> machines);

  void append(const Job& job, const Step& step);

  ResultFile file;
  Table steps;
  Table exposed;
};

/// @throws Error(environment), see ResultFile
void record_step(const TrainRecord& where, const Job& job, const Step& step);

}  // namespace bench
