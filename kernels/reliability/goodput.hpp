// Closed forms of what failures leave of a long run, all for exponential gaps between them. A
// failure during a recovery starts that recovery again.
#pragma once

#include "kernels/reliability/reliability.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// sqrt(2 d M): J. W. Young, Comm. ACM 17 (1974).
[[nodiscard]] topology::Seconds young_interval(topology::Seconds saving, topology::Seconds mean);

/// Work between two saves by which availability is best to first order: sqrt(2 (M + R) d + d^2)
/// (Saxena et al., arXiv:2410.18124; they count the save itself).
[[nodiscard]] topology::Seconds available_interval(topology::Seconds saving,
                                                   topology::Seconds mean,
                                                   topology::Seconds downtime);

/// The interval with the best `restart_goodput`: its derivative vanishes where (1 - x) e^(x + d/M)
/// = 1, x = tau / M, whatever R is.
[[nodiscard]] topology::Seconds best_interval(topology::Seconds saving, topology::Seconds mean);

/// The same of a job, long enough for its checkpoints to be written. Replicas that are left out are
/// restored from others and need none: 0.
[[nodiscard]] topology::Seconds best_interval(const Reliability& job);

/// tau / (M e^((R + w)/M) (e^((tau + d)/M) - 1)): J. T. Daly, Future Generation Computer Systems 22
/// (2006), exact for w = 0. A checkpoint that counts w after its save makes a failure cost w more:
/// from one that counts to the next takes T = (1 - e^(-s/M)) (M + T'), s = tau + d, and after a
/// failure R + s + w without another, T' = M (e^((R + s + w)/M) - 1).
[[nodiscard]] double restart_goodput(const Reliability& job);

/// a (1 - m a t)^(G - 1) of G replicas: one of n chips fails at the rate m = lambda n and is up
/// with a = e^(-m R), where none of its failures is younger than R. It can work where, besides, no
/// other one has gone down within the last t, the time that the others stall, t <= R: replicas go
/// down at the rate m a, and at most once in t.
[[nodiscard]] double replica_goodput(const Reliability& job);

/// Useful work over all time: one of the two, less waits for spares, checkpoints and stragglers.
[[nodiscard]] double expected_goodput(const Reliability& job);

}  // namespace kernels
