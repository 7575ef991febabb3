// The reader that computes: how long a distributed matmul takes on a machine.
#pragma once

#include <algorithm>
#include <functional>

#include "kernels/distributed/distributed_matmul.hpp"
#include "kernels/matmul/accelerator.hpp"
#include "topology/machine.hpp"

namespace bench {

/// Of the multiplication of one block; `adds`: to what C holds already.
using BlockTime = std::function<topology::Seconds(const kernels::Gemm& block, bool adds)>;

/// By the model of the chip. Launches of kernels that wait in line are hidden; C that is added to
/// is read and written in the accumulator's type beside the operands.
[[nodiscard]] BlockTime block_time(const kernels::TensorEngine& engine);

/// Steps are synchronous and all ranks take as long as one with the longest parts:
///
///   before    copies for other layers, the first turn, the first panels
///   step      max(multiplication, what moves beside it): steps - 1 of them
///   after     the last (or first) multiplication, which nothing moves beside; sums of layers
///
/// A and B move at the same time, one after the other where their lines share links. A shift takes
/// as long as the slowest level's neighbours, broadcasts and reductions what `predict` says, and
/// the first turn the slowest shift by any distance.
struct MatmulPrediction {
  topology::Seconds time;
  topology::Seconds compute;  ///< of the multiplications
  topology::Seconds moving;   ///< of all that moves, as if alone
  topology::Seconds compute_bound;
  topology::Seconds wire_bound;
  /// Weakest origin of the bandwidths of levels that something travels.
  topology::Status links = topology::Status::published;

  [[nodiscard]] topology::Seconds exposed() const { return time - compute; }

  [[nodiscard]] topology::Seconds bound() const { return std::max(compute_bound, wire_bound); }

  /// What sets it.
  [[nodiscard]] const char* bound_by() const {
    return compute_bound >= wire_bound ? "compute" : "links";
  }
};

/// @param roof of a chip: no rank multiplies faster
/// @throws Error(usage) where the grid is not as many ranks as chips, or its lines do not fit the
/// machine's levels
[[nodiscard]] MatmulPrediction predict(const kernels::DistributedMatmul& program,
                                       const topology::Machine& machine,
                                       topology::FlopsPerSecond roof,
                                       const BlockTime& block_time);

}  // namespace bench
