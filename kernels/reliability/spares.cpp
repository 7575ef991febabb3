#include "kernels/reliability/spares.hpp"

#include <algorithm>
#include <cmath>

namespace kernels {
namespace {

/// Units that fail, and are replaced, while all of the job works: in one repair time.
double replaced_in_a_repair(const Reliability& job) {
  return job.job_rate() * job.repair * job.replaced;
}

/// Sum of P(X = k), k > s, from the ratio of each to the one before: upwards until nothing is
/// added.
template <class Ratio>
double tail_after(double log_first, std::int64_t s, Ratio ratio) {
  double term = std::exp(log_first);
  double sum = term;
  for (std::int64_t k = s + 2; term > 1e-18 * sum && term > 0; ++k) sum += term *= ratio(k);
  return sum;
}

}  // namespace

double share_in_repair(const Reliability& job) {
  const double busy =
      replaced_in_a_repair(job) * static_cast<double>(job.unit) / static_cast<double>(job.chips);
  return busy / (1 + busy);
}

double binomial_tail(std::int64_t units, double share, std::int64_t s) {
  if (s < 0) return 1;
  if (s >= units || share <= 0) return 0;
  if (share >= 1) return 1;
  const auto n = static_cast<double>(units);
  const double odds = share / (1 - share);
  if (static_cast<double>(s + 1) < n * share)  // far below the mean: the first terms would vanish
    return 1 - binomial_tail(units, 1 - share, units - s - 1);
  const auto first = static_cast<double>(s + 1);
  const double log_first = std::lgamma(n + 1) - std::lgamma(first + 1) -
                           std::lgamma(n - first + 1) + first * std::log(share) +
                           (n - first) * std::log1p(-share);
  return tail_after(log_first, s, [&](std::int64_t k) {
    return std::max(0.0, n - static_cast<double>(k) + 1) / static_cast<double>(k) * odds;
  });
}

double poisson_tail(double mean, std::int64_t s) {
  if (s < 0) return 1;
  if (mean <= 0) return 0;
  if (static_cast<double>(s) < mean) {
    double term = std::exp(static_cast<double>(s) * std::log(mean) - mean -
                           std::lgamma(static_cast<double>(s) + 1));
    double below = 0;
    for (std::int64_t k = s; k >= 0; --k) {
      below += term;
      term *= static_cast<double>(k) / mean;
    }
    return 1 - below;
  }
  const auto first = static_cast<double>(s + 1);
  return tail_after(first * std::log(mean) - mean - std::lgamma(first + 1),
                    s,
                    [mean](std::int64_t k) { return mean / static_cast<double>(k); });
}

std::int64_t spares_needed(std::int64_t units, double share, double risk) {
  std::int64_t low = -1;  // too few
  std::int64_t high = units;
  while (high - low > 1) {
    const std::int64_t s = low + (high - low) / 2;
    (binomial_tail(units, share, s) < risk ? high : low) = s;
  }
  return high;
}

double waiting_share(const Reliability& job) {
  if (!job.spare || job.replaced == 0 || job.repair == topology::Seconds{}) return 0;
  const std::int64_t spare = *job.spare;
  const std::int64_t waiters = job.recovery == Recovery::restart ? 1 : job.replicas();
  const double load = replaced_in_a_repair(job);
  // Probabilities over that of all spares in repair, so that none is out of the range of a double.
  double all = 0;
  double term = 1;
  for (std::int64_t d = spare; d >= 0; --d) {
    all += term;
    term *= static_cast<double>(d) / load;
    if (term < 1e-18 * all) break;
  }
  double waiting = 0;
  term = 1;
  for (std::int64_t w = 1; w <= waiters; ++w) {
    const double working = static_cast<double>(waiters - w + 1) / static_cast<double>(waiters);
    term *= load * working / static_cast<double>(spare + w);
    all += term;
    waiting += term * static_cast<double>(w) / static_cast<double>(waiters);
    if (term < 1e-18 * all) break;
  }
  return waiting / all;
}

}  // namespace kernels
