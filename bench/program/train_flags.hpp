// What rainier train is asked for: the flags that make a plan, and those that leave it open.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "kernels/training/plan.hpp"

namespace bench {

struct TrainOptions {
  std::string model;
  std::string system = "rainier";
  std::string software = "default";
  std::vector<std::string> overrides;
  std::int64_t chips = 0;
  std::int64_t data = 0;
  kernels::Plan plan;
  std::string order = "1f1b";
  std::string recompute = "none";
  std::string attention = "flash";
  std::string context_kind = "ring";
  std::string type = "bf16";
  std::string matmul;
  std::string gradient = "f32";
  int zero = 1;
  bool fsdp = false;
  bool no_overlap = false;
  bool json = false;
  bool sensitivity = false;
  std::string timeline;
  std::string chakra;
  std::string chakra_ranks = "pipeline";
  std::string output;
  bool force = false;
  bool dry = false;
  bool fewer = false;  ///< chips, too
  std::string search;  ///< "auto": for the best plans
  std::int64_t keep = 10;
  std::int64_t model_chips = 0;
  const CLI::App* command = nullptr;

  [[nodiscard]] bool given(const char* flag) const { return command->count(flag) > 0; }
};

/// Axes of the plan, memory and overlaps, the search.
void add_train_flags(CLI::App& train, TrainOptions& options);

}  // namespace bench
