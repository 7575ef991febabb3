// Cannon: on s x s ranks, row i of A is turned left by i and column j of B up by j; then every rank
// multiplies what it has and passes A on to the left and B upwards, s times.
//
//   begins with        rank (i, j): A[m/s x k/s], B[k/s x n/s]; ends with C[m/s x n/s]
//   steps              s
//   bytes on the wire  (m k + k n) / s for a rank that both are turned to, (s-1)/s of it for (0, 0)
//   other P            none but squares; parts differ by one where s does not divide
//   paper              Cannon: A cellular computer to implement the Kalman filter algorithm,
//   thesis,
//                      Montana State University 1969
//
// 2.5D: c layers of s x s ranks hold a copy of A and B each, and do s/c of Cannon's steps each,
// layer l from its l-th share on; their sums are reduced to layer 0.
//
//   begins with        layer 0 as Cannon, and ends as Cannon there
//   steps              ceil(s/c)
//   bytes on the wire  (s/c + 1) (m k + k n) / s^2 + m n / s^2 for a rank of another layer: its
//                      copies, the first turn, s/c - 1 shifts, its sum
//   other P            none but s^2 c with c <= s; where c does not divide s, shares differ by one
//   paper              Solomonik, Demmel: Communication-optimal parallel 2.5D matrix multiplication
//                      and LU factorization algorithms, Euro-Par 2011
#include "kernels/distributed/algorithms.hpp"

namespace kernels {

DistributedMatmul cannon(const Gemm& shape, const ProcessGrid& grid) {
  const std::int64_t side = grid.rows;
  return {.algorithm = grid.layers > 1 ? "2.5d" : "cannon",
          .shape = shape,
          .grid = grid,
          .m = {.parts = side, .by_row = 1, .by_column = 0, .turns = false},
          .n = {.parts = side, .by_row = 0, .by_column = 1, .turns = false},
          .k = {.parts = side, .by_row = 0, .by_column = 0, .turns = true},
          .turn = {.parts = side, .by_row = 1, .by_column = 1, .by_step = 1, .base = 0},
          .a = {Motion::ring, Line::row, -1},
          .b = {Motion::ring, Line::column, -1},
          .c = {}};
}

}  // namespace kernels
