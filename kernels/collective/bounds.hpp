// Lower bounds: how fast a collective could be on a machine, whatever the algorithm.
#pragma once

#include <algorithm>
#include <string>

#include "kernels/collective/collective.hpp"
#include "topology/machine.hpp"

namespace kernels {

struct Bound {
  topology::Seconds latency;    ///< one message to the farthest chip
  topology::Seconds bandwidth;  ///< the tightest cut, raw link rates
  std::string cut;              ///< levels whose links that cut crosses: "{x, y, z}"

  [[nodiscard]] topology::Seconds time() const { return std::max(latency, bandwidth); }

  /// "latency" or the cut.
  [[nodiscard]] std::string binding() const { return latency > bandwidth ? "latency" : cut; }
};

/// `size` as in collective.hpp.
///
/// Reduce-scatter and all-gather, over the non-empty sets S of levels:
///   T* = size max_S ( prod_{i not in S} 1/n_i - 1/N ) / w(S)
/// w(S) sums what one chip injects into the levels of S; clos tiers share one NIC, so together they
/// count once, with the rate of the lowest tier in S. It is the cut around the block spanned by the
/// levels outside S, and order-mixed schedules reach it (Themis, ISCA 2022, gives the idea).
/// All-reduce is twice that. Where S has a level whose switch adds up, it is no more than what a
/// block has to say once, size max_S ( prod_{i not in S} 1/n_i ) / w(S).
///
/// From or to a root: the block spanned by the levels outside S that has the root must let all of
/// a broadcast or a reduce through, of a scatter or gather what is for the others:
///   size max_S ( 1 or 1 - |block|/N ) / ( |block| w(S) ); |block| = 1, all levels, is the root's
/// own ports.
///
/// All-to-all: traffic across each half of a ring, and out of each domain, over all links that
/// cross: |S| (N - |S|) (size/N) / capacity(S). Where one rank receives F times the mean and each
/// of the others g = (N - F) / (N - 1), no less goes to its side of a cut, and into the block
/// spanned by the levels outside S that has it (N - |block|) (F + (|block| - 1) g) (size/N) / (
/// |block| w(S) ).
/// @param imbalance F, of an all-to-all
[[nodiscard]] Bound lower_bound(Collective collective,
                                const topology::Machine& group,
                                topology::Bytes size,
                                double imbalance = 1);

/// g of that.
[[nodiscard]] double share_of_others(double imbalance, double ranks);

}  // namespace kernels
