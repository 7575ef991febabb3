// How many spare units a job needs, and how long it waits if it has fewer.
#pragma once

#include <cstdint>

#include "kernels/reliability/reliability.hpp"

namespace kernels {

/// Share of its time that a unit is in repair: m r / (1 + m r), failing at the rate m.
[[nodiscard]] double share_in_repair(const Reliability& job);

/// P(X > s) of a binomial X.
[[nodiscard]] double binomial_tail(std::int64_t units, double share, std::int64_t s);
/// P(X > s) of a Poisson X.
[[nodiscard]] double poisson_tail(double mean, std::int64_t s);

/// The least s with P(X > s) < `risk`, X binomial.
[[nodiscard]] std::int64_t spares_needed(std::int64_t units, double share, double risk);

/// Share of the time, and with replicas of the job, that waits for a unit to be repaired.
///
/// Units in repair are a birth-death process with births at the rate of those that work and deaths
/// at D / r. With recovery restart nothing fails while the job waits, which is Erlang's loss
/// formula B(spare + 1, r x rate); with replicas D - spare of G wait, and the rest goes on failing.
/// What is in repair is alone there, so that only the mean of its law matters (Sevast'yanov 1957).
[[nodiscard]] double waiting_share(const Reliability& job);

}  // namespace kernels
