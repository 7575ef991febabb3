// How much slower results may be, as flags say it.
#pragma once

#include <string>
#include <vector>

#include "bench/comparison/comparison.hpp"

namespace bench {

struct ToleranceFlags {
  double group = 10;               ///< per cent
  double point = 50;               ///< per cent
  std::vector<std::string> sizes;  ///< "64K:1G=25"
  bool time_alone = false;
};

/// @throws Error(usage) for a size range or a share that is none
[[nodiscard]] Tolerances tolerances_of(const ToleranceFlags& flags);

}  // namespace bench
