// Results of other benchmarks as points that can be compared with ours.
#pragma once

#include <string>
#include <vector>

#include "bench/comparison/timed_points.hpp"

namespace bench {

/// nccl-tests' or nccom-test's JSON; of points whose collective or ranks the file does not say, the
/// group says nothing about it, either.
/// @throws Error(usage), see read_foreign
[[nodiscard]] TimedFile foreign_points(const std::string& path);

/// Where some file does not say how many ranks took part, nobody's groups do; and so for
/// collectives and data types, so that what may be the same is compared.
void speak_alike(std::vector<TimedFile>& files);

}  // namespace bench
