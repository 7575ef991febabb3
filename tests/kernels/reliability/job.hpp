// Jobs as tests describe them.
#pragma once

#include <cstdint>

#include "kernels/reliability/run.hpp"

namespace fixtures {

/// Failures of one chip in a second as Llama 3 had them: 419 in 54 days on 16,384.
inline constexpr double llama3_rate = 419 / (54 * 86400.0 * 16384);

inline kernels::Reliability job_of(std::int64_t chips, double downtime, double saving) {
  kernels::Reliability job;
  job.chips = chips;
  job.rate = topology::Hertz(llama3_rate);
  job.restart = topology::Seconds(downtime);
  job.saving = topology::Seconds(saving);
  return job;
}

/// Of one run that is long enough for so many failures.
inline kernels::Run run_with(const kernels::Reliability& job, double failures, std::uint64_t seed) {
  return kernels::simulate_run(job, job.mean_time() * failures, seed, 0);
}

inline double share(const kernels::Run& run, kernels::RunPart part) {
  return run[part] / run.total();
}

}  // namespace fixtures
