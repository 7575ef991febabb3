// Results of other benchmarks of collectives, in our units: nccl-tests' JSON (its GB is 10^9 bytes)
// and nccom-test's (its GB is 2^30).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kernels/collective/collective.hpp"

namespace bench {

/// One size and placement. SI: bytes, seconds, bytes per second.
struct ForeignPoint {
  std::string tool;                                 ///< "nccl-tests" or "nccom-test"
  std::optional<kernels::Collective> collective{};  ///< if the file says
  std::int64_t ranks = 0;                           ///< 0: the file does not say
  std::string type;                                 ///< as the tool calls it: "float", "fp32"
  std::int64_t size = 0;                            ///< bytes
  bool in_place = false;
  double seconds = 0;
  double algbw = 0;
  double busbw = 0;
  std::vector<double> samples{};  ///< seconds of each iteration, if the file has them
  std::int64_t wrong = 0;         ///< elements; 0 where the tool did not check
};

/// Does a file begin as JSON does (and no HDF5 file)? Never throws.
[[nodiscard]] bool is_foreign(const std::string& path);

/// In the order of the file; of nccl-tests out of place before in place.
/// @throws Error(usage) that names the file, the row and what was expected
[[nodiscard]] std::vector<ForeignPoint> read_foreign(const std::string& path);

}  // namespace bench
