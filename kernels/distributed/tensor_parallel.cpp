// The two halves of a tensor-parallel layer on R rows of C columns: a row is a tensor-parallel
// group of C ranks, the R rows are replicas that hold the same weights and other rows of A.
//
// All-gather-matmul: each rank keeps its columns of B, and blocks of rows of A go around the ring,
// the next one while the one before is multiplied.
//
//   begins with        rank (i, j): A of m/(RC) rows, B of n/C columns; ends with C[m/R x n/C]
//   steps              C
//   bytes on the wire  (C-1)/C of A's rows of the replica: (C-1) m k / (R C)
//   other P            any R and C; parts differ by one row or column where they do not divide
//   paper              Wang et al.: Overlap communication with dependent computation via
//                      decomposition in large deep learning models, ASPLOS 2023
//
// Matmul-reduce-scatter: each rank has its part of k, and the partial sum of a block of rows of C
// goes around the ring; a rank multiplies its term while the sum so far is on its way to it.
//
//   begins with        rank (i, j): A[m/R x k/C], B of k/C rows; ends with C of m/(RC) rows
//   steps              C
//   bytes on the wire  (C-1) m n / (R C), in the accumulator's type
//   other P            any R and C, as above
//   paper              the same
#include "kernels/distributed/algorithms.hpp"

namespace kernels {

DistributedMatmul all_gather_matmul(const Gemm& shape, const ProcessGrid& grid) {
  const std::int64_t columns = grid.columns;
  return {.algorithm = "allgather",
          .shape = shape,
          .grid = grid,
          .m = {.parts = grid.rows * columns, .by_row = columns, .by_column = 0, .turns = true},
          .n = {.parts = columns, .by_row = 0, .by_column = 1, .turns = false},
          .k = {},
          .turn = {.parts = columns, .by_row = 0, .by_column = 1, .by_step = -1, .base = 0},
          .a = {Motion::ring, Line::row, 1},
          .b = {},
          .c = {}};
}

DistributedMatmul matmul_reduce_scatter(const Gemm& shape, const ProcessGrid& grid) {
  const std::int64_t columns = grid.columns;
  return {.algorithm = "reducescatter",
          .shape = shape,
          .grid = grid,
          .m = {.parts = grid.rows * columns, .by_row = columns, .by_column = 0, .turns = true},
          .n = {},
          .k = {.parts = columns, .by_row = 0, .by_column = 1, .turns = false},
          .turn = {.parts = columns, .by_row = 0, .by_column = 1, .by_step = -1, .base = -1},
          .a = {},
          .b = {},
          .c = {Motion::ring, Line::row, 1}};
}

}  // namespace kernels
