// Verification at full size: the contributions to a few sampled chunks are random elements of a
// field, the schedule is run on them over all ranks, and every result must be the known sum. A
// contribution that is missing, counted twice or from elsewhere passes with probability 1/p,
// p = 2^61 - 1.
#pragma once

#include <cstdint>

#include "kernels/collective/verify.hpp"

namespace kernels {

/// Checks the post-condition of `samples` chunks, chosen by `seed`, each in one of the shares that
/// the lanes cut chunks into. Time is samples x rounds x ranks, a few nanoseconds each: for
/// schedules of log-many rounds. Memory is 16 bytes a rank. OpenMP over ranks.
/// @throws Error(usage) for a barrier, which has no sum
[[nodiscard]] Verdict verify_fingerprint(const Schedule& schedule, int samples, std::uint64_t seed);

}  // namespace kernels
