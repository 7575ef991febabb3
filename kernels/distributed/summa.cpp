// SUMMA: C stays where it is; panel by panel of k, the column of ranks that has the panel of A
// sends it along the rows, and the row of ranks that has the panel of B along the columns.
//
//   begins with        rank (i, j): A[m/R x k/C], B[k/R x n/C]; ends with C[m/R x n/C]
//   steps              lcm(R, C) panels: each of one owner
//   bytes on the wire  (C-1) m k / (R C) + (R-1) k n / (R C)
//   other P            any R and C; a prime P is a row, 1 x P
//   paper              van de Geijn, Watts: SUMMA: scalable universal matrix multiplication
//                      algorithm, Concurrency: Practice and Experience 1997
#include <numeric>

#include "kernels/distributed/algorithms.hpp"

namespace kernels {

DistributedMatmul summa(const Gemm& shape, const ProcessGrid& grid) {
  const std::int64_t panels = std::lcm(grid.rows, grid.columns);
  return {.algorithm = "summa",
          .shape = shape,
          .grid = grid,
          .m = {.parts = grid.rows, .by_row = 1, .by_column = 0, .turns = false},
          .n = {.parts = grid.columns, .by_row = 0, .by_column = 1, .turns = false},
          .k = {.parts = panels, .by_row = 0, .by_column = 0, .turns = true},
          .turn = {.parts = panels, .by_row = 0, .by_column = 0, .by_step = 1, .base = 0},
          .a = {Motion::broadcast, Line::row, 1},
          .b = {Motion::broadcast, Line::column, 1},
          .c = {}};
}

}  // namespace kernels
