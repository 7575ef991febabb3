#include "kernels/reliability/goodput.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/reliability/spares.hpp"

namespace kernels {

using topology::Seconds;

Seconds young_interval(Seconds saving, Seconds mean) {
  return Seconds(std::sqrt(2 * saving.value() * mean.value()));
}

Seconds available_interval(Seconds saving, Seconds mean, Seconds downtime) {
  const double d = saving.value();
  return Seconds(std::sqrt(2 * (mean + downtime).value() * d + d * d));
}

Seconds best_interval(Seconds saving, Seconds mean) {
  const double share = saving / mean;
  double low = 0;
  double high = 1;
  for (int i = 0; i < 100; ++i) {
    const double x = (low + high) / 2;
    (std::log1p(-x) + x + share > 0 ? low : high) = x;
  }
  return mean * low;
}

Seconds best_interval(const Reliability& job) {
  if (job.recovery == Recovery::replica) return {};
  const Seconds best = best_interval(job.saving, job.mean_time());
  return std::max(best, job.writing - job.saving);
}

double restart_goodput(const Reliability& job) {
  const Seconds mean = job.mean_time();
  const double redone = (job.downtime() + job.writing) / mean;
  return job.interval / mean * std::exp(-redone) / std::expm1(job.cycle() / mean);
}

double replica_goodput(const Reliability& job) {
  const auto others = static_cast<double>(job.replicas() - 1);
  const topology::Hertz rate = job.rate * static_cast<double>(job.replica);
  const double up = std::exp(-(rate * job.downtime()));
  const double present = 1 - waiting_share(job);
  const double stalled = rate * job.stall() * up * present;
  return present * up * std::exp(others * std::log1p(-stalled));
}

double expected_goodput(const Reliability& job) {
  const double steps = 1 / (1 + job.straggling);
  if (job.recovery == Recovery::restart)
    return restart_goodput(job) * (1 - waiting_share(job)) * steps;
  const double work = job.interval > Seconds{} ? job.interval / job.cycle() : 1;
  return replica_goodput(job) * work * steps;
}

}  // namespace kernels
