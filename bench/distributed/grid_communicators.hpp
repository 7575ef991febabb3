// The lines of a grid of ranks, as MPI sees them.
#pragma once

#include <mpi.h>

#include "kernels/distributed/distributed_matmul.hpp"

namespace bench {

/// Collective over MPI_COMM_WORLD, as is the end of its life but on the way of an exception.
class GridCommunicators {
 public:
  /// @throws Error(usage) where the ranks of the job do not fill the grid
  explicit GridCommunicators(const kernels::ProcessGrid& grid);
  ~GridCommunicators();
  GridCommunicators(const GridCommunicators&) = delete;
  GridCommunicators& operator=(const GridCommunicators&) = delete;
  GridCommunicators(GridCommunicators&&) = delete;
  GridCommunicators& operator=(GridCommunicators&&) = delete;

  [[nodiscard]] const kernels::Place& place() const { return place_; }

  /// Of this rank; members in the order of their columns or rows.
  [[nodiscard]] MPI_Comm line(kernels::Line line) const {
    return line == kernels::Line::row ? row_ : column_;
  }

  /// Ranks in the same place on all layers.
  [[nodiscard]] MPI_Comm layers() const { return layers_; }

 private:
  kernels::Place place_;
  MPI_Comm row_ = MPI_COMM_NULL;
  MPI_Comm column_ = MPI_COMM_NULL;
  MPI_Comm layers_ = MPI_COMM_NULL;
};

}  // namespace bench
