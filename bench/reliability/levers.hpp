// What goodput would be if one figure of a job were half of what it is, or twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kernels/reliability/reliability.hpp"

namespace bench {

struct Lever {
  std::string figure;
  std::optional<double> half;  ///< change of the goodput; absent where there is no such job
  std::optional<double> twice;

  [[nodiscard]] double gain() const;
};

/// What helps most first, by the closed form. Figures that are 0 or have no part in it are left
/// out.
/// @param best each job has its own best interval, else that of `job`
[[nodiscard]] std::vector<Lever> levers(const kernels::Reliability& job, bool best);

}  // namespace bench
