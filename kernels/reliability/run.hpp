// One run of a job through its failures, drawn at random: what became of each second.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernels/reliability/reliability.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// With replicas each chip has its own time, of which this is the mean.
enum class RunPart {
  useful,
  stragglers,  ///< steps that wait for their slowest chip, of work that is kept
  checkpoints,
  lost,      ///< work since the last checkpoint that counted
  recovery,  ///< detection, restart and reload
  regroup,   ///< detection and regrouping of the replicas that go on
  waiting,   ///< for a unit to be repaired
};

inline constexpr std::size_t run_parts = 7;

[[nodiscard]] const char* name(RunPart part);

struct Run {
  std::array<topology::Seconds, run_parts> of{};
  std::int64_t failures = 0;

  topology::Seconds& operator[](RunPart part) { return of.at(static_cast<std::size_t>(part)); }

  topology::Seconds operator[](RunPart part) const { return of.at(static_cast<std::size_t>(part)); }

  [[nodiscard]] topology::Seconds total() const;
};

/// A function of job, duration, seed and number of the run alone. Gaps between failures have a
/// Weibull law of the job's mean; time in which the job waits for repair is not counted in them.
/// The run starts restored and saved, and what it has done at its end is kept.
[[nodiscard]] Run simulate_run(const Reliability& job,
                               topology::Seconds duration,
                               std::uint64_t seed,
                               std::uint64_t run);

}  // namespace kernels
