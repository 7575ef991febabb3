// How C is shared among threads.
#pragma once

#include <cstdint>

#include "kernels/matmul/gemm.hpp"
#include "kernels/matmul/range.hpp"

namespace kernels {

/// C cut into rows x cols blocks, one per thread, each packing for itself.
///
/// Sharing packed B among threads would save packing but costs two barriers per block and makes a
/// matmul as slow as its slowest thread in every block.
struct Grid {
  std::int64_t rows = 1;
  std::int64_t cols = 1;

  [[nodiscard]] std::int64_t blocks() const { return rows * cols; }

  /// Of block `i`, in whole tiles.
  [[nodiscard]] Range rows_of(std::int64_t i, const Gemm& shape) const;
  [[nodiscard]] Range cols_of(std::int64_t i, const Gemm& shape, std::int64_t tile_cols) const;
};

[[nodiscard]] Grid best_grid(const Gemm& shape, std::int64_t tile_cols, int threads);

}  // namespace kernels
