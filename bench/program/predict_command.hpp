// The part of `rainier collective` that predicts: tables on the terminal and in a results file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/executor/measure.hpp"
#include "bench/program/collective_table.hpp"
#include "bench/record/result_file.hpp"
#include "topology/machine.hpp"

namespace bench {

/// What only predictions have, and where their results go.
struct PredictFlags {
  bool links = false;
  std::string output;
  bool force = false;
  bool explain = false;
  std::string save_tuning;
  double imbalance = 1;

  /// Of those that only predictions have.
  [[nodiscard]] bool any() const {
    return links || explain || !save_tuning.empty() || imbalance != 1;
  }
};

struct PredictRequest {
  kernels::Collective collective = kernels::Collective::all_reduce;
  std::vector<std::int64_t> sizes;
  MeasureOptions options;
  std::string algorithm;
  std::string system;                  ///< name or file
  std::vector<std::string> overrides;  ///< of its figures
  TableStyle style = TableStyle::text;
  std::string nccl_json;  ///< file, "-" for stdout, or empty
  PredictFlags flags;
};

/// With the machine and the files it was read from. @throws Error(environment), see ResultFile
[[nodiscard]] ResultFile results_file(const PredictRequest& request,
                                      const topology::Machine& machine);

/// @param machine the system or the part of it that is asked for
void predict_table(const PredictRequest& request, const topology::Machine& machine);

}  // namespace bench
