// Our results in the JSON of nccl-tests, and what the model says beside them.
#pragma once

#include <string>
#include <vector>

#include "bench/program/collective_row.hpp"

namespace bench {

/// What was run.
struct NcclReport {
  kernels::Collective collective = kernels::Collective::all_reduce;
  std::int64_t ranks = 0;
  bool predicted = false;  ///< then equal runs leave equal texts: no time, no host
  MeasureOptions options;
  std::string start;  ///< and end, of what was measured
  std::string end;
  std::vector<CollectiveRow> rows;
};

/// Times are medians of the slowest rank's, in microseconds; bandwidths are in 10^9 bytes per
/// second. Of the environment only what provenance keeps.
[[nodiscard]] std::string nccl_json(const NcclReport& report);

/// To a file, or to stdout for "-". @throws Error(environment)
void write_nccl_json(const std::string& path, const NcclReport& report);

}  // namespace bench
