// A predicted training step as Chakra's execution traces: a workload for a simulator, without a
// cluster that could be traced.
#pragma once

#include <string>

#include "bench/training/job.hpp"

namespace bench {

struct ChakraStepOptions {
  std::string name;        ///< of the files: NAME.RANK.et, and NAME.json with the groups of ranks
  bool all_ranks = false;  ///< else one for each rank of the pipeline, the first of those alike
  bool force = false;      ///< also for more files and nodes than anybody may want
};

/// Ranks are chips. Operations compute, or are collectives of a group, or messages; durations are
/// the predicted ones. @return files written
/// @throws Error(usage) where it is too much; Error(environment) where a file cannot be written, or
/// without Protobuf
std::int64_t write_chakra_step(const Job& job, const ChakraStepOptions& options);

}  // namespace bench
