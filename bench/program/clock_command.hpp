// The part of `rainier collective` that runs a clock for every chip: tables on the terminal and in
// a results file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/program/predict_command.hpp"
#include "topology/machine.hpp"

namespace bench {

/// Flags that only clocks have.
struct ClockFlags {
  std::uint64_t seed = 1;
  std::string noise;
  std::string skew;
  std::vector<std::string> slow;
  std::vector<std::string> degrade;
  std::vector<std::string> fail;
  bool per_chip = false;
  bool scaling = false;

  /// Does anything set chips apart?
  [[nodiscard]] bool disturbed() const { return !noise.empty() || !skew.empty() || faulty(); }

  [[nodiscard]] bool faulty() const { return !slow.empty() || !degrade.empty() || !fail.empty(); }

  [[nodiscard]] bool any() const { return disturbed() || per_chip || scaling; }
};

/// All ranks of the job share the chips.
/// @param machine the system or the part of it that is asked for
void clock_table(const PredictRequest& request,
                 const ClockFlags& flags,
                 const topology::Machine& machine);

}  // namespace bench
