// The sizes of a run: -b, -e and a factor or an increment, as nccl-tests has them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct Sweep {
  std::string begin = "8";
  std::string end = "64M";
  double factor = 2;
  std::string increment;  ///< given: steps of this size instead of the factor

  /// @throws Error(usage) when the end is below the begin, the factor not above 1, a size
  /// unreadable
  [[nodiscard]] std::vector<std::int64_t> sizes() const;
};

}  // namespace bench
