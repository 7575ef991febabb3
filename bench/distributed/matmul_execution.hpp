// The reader that runs: one rank's share of a distributed matmul, as MPI messages between blocks
// that the CPU multiplies.
#pragma once

#include <cstdint>
#include <memory>

#include "kernels/distributed/distributed_matmul.hpp"
#include "topology/quantity.hpp"

namespace bench {

/// Elements of C that were compared with the reference, and how many of them are off by more than
/// rounding can be.
struct Checked {
  std::int64_t elements = 0;
  std::int64_t wrong = 0;
};

class MatmulExecution {
 public:
  MatmulExecution() = default;
  virtual ~MatmulExecution() = default;
  MatmulExecution(const MatmulExecution&) = delete;
  MatmulExecution& operator=(const MatmulExecution&) = delete;
  MatmulExecution(MatmulExecution&&) = delete;
  MatmulExecution& operator=(MatmulExecution&&) = delete;

  /// From the blocks that the rank begins with to those of C that it ends with. The next blocks
  /// move while one is multiplied.
  virtual void run() = 0;

  /// The multiplications of a run alone, of blocks that are there.
  virtual void multiply_only() = 0;

  /// What `run` has left, of all ranks: rows of C evenly spaced, all of them where that is no more
  /// than `most` multiplications of elements for this rank.
  ///
  /// Sums of k products in any order err by at most k u sum|a||b| to first order (Higham, Accuracy
  /// and Stability of Numerical Algorithms, section 3.1), the reference's own rounding by one u.
  [[nodiscard]] virtual Checked check(double most) const = 0;

  /// Bytes that came to this rank as operands and left it as partial sums, in the last run.
  [[nodiscard]] virtual topology::Bytes moved() const = 0;
};

/// Elements of A and B follow from their place in the matrix, whoever holds them. Collective over
/// MPI_COMM_WORLD; the program must outlive it.
/// @throws Error(usage) where the ranks do not fill the grid, a block has 2 GiB, or the CPU does
/// not multiply the type
[[nodiscard]] std::unique_ptr<MatmulExecution> make_execution(
    const kernels::DistributedMatmul& program);

}  // namespace bench
