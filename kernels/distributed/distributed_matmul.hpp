// A matmul C[m x n] = A[m x k] B[k x n] shared by many ranks, written once as a value: what every
// rank multiplies in every step, and whither the blocks travel, as functions of its place in a grid
// of ranks. It lists neither ranks nor messages: 524,288 ranks are the same dozen numbers as 4.
//
// m, n and k are cut into parts; a cell (one part of each) is one multiplication of blocks. A rank
// multiplies one cell a step: most of its parts follow from its place, one takes turns,
//
//   turn = row by_row + column by_column + step by_step + base + start of the layer  (mod parts)
//
// and a matrix that has the dimension of the turn in it travels:
//
//   still      the rank holds all of its blocks that it ever needs
//   ring       block q begins with member q E / parts of a line of E ranks (of partial sums: ends
//              there) and goes to the next member of the line after each step
//   broadcast  its owner, the same one, sends it to the others of the line
//
// Blocks that travel are on their way while the one before is multiplied. Partial sums are added up
// and travel in the accumulator's type. Layers share the turns; operands come from layer 0, and
// sums are reduced to it.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/matmul/gemm.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// Where a rank is in a grid.
struct Place {
  std::int64_t row = 0;
  std::int64_t column = 0;
  std::int64_t layer = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// Ranks as rows x columns x layers, the columns of a row next to each other.
struct ProcessGrid {
  std::int64_t rows = 1;
  std::int64_t columns = 1;
  std::int64_t layers = 1;

  friend bool operator==(const ProcessGrid&, const ProcessGrid&) = default;

  [[nodiscard]] std::int64_t ranks() const { return rows * columns * layers; }

  [[nodiscard]] Place place(std::int64_t rank) const {
    return {rank / columns % rows, rank % columns, rank / columns / rows};
  }

  /// "4x4x2"; without layers "4x4".
  [[nodiscard]] std::string text() const;
};

/// "4x4" or "4x4x2". @throws Error(usage)
[[nodiscard]] ProcessGrid parse_grid(const std::string& text);

enum class Matrix { a, b, c };

/// A line of a grid: the ranks of one row, or those of one column.
enum class Line { row, column };

/// How a dimension is cut, and which part is a rank's: row by_row + column by_column, and its turn.
struct Cut {
  std::int64_t parts = 1;
  std::int64_t by_row = 0;
  std::int64_t by_column = 0;
  bool turns = false;
};

/// Parts of a dimension that a rank takes one after the other.
struct Turn {
  std::int64_t parts = 1;
  std::int64_t by_row = 0;
  std::int64_t by_column = 0;
  std::int64_t by_step = 1;
  std::int64_t base = 0;
};

enum class Motion { still, ring, broadcast };

struct Travel {
  Motion motion = Motion::still;
  Line line = Line::row;
  std::int64_t direction = 1;  ///< of a ring: to the next member (1) or to the one before (-1)
};

struct DistributedMatmul {
  std::string algorithm;
  Gemm shape;
  ProcessGrid grid;
  Cut m;
  Cut n;
  Cut k;
  Turn turn;
  Travel a;
  Travel b;
  Travel c;

  [[nodiscard]] const Travel& travel(Matrix matrix) const;
  /// Does the rank's block of it depend on the turn?
  [[nodiscard]] bool turns(Matrix matrix) const;
  [[nodiscard]] topology::DataType type(Matrix matrix) const;
};

/// Which part of each dimension.
struct Cell {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;

  friend bool operator==(const Cell&, const Cell&) = default;
};

/// Part of a matrix: `rows` rows from `row` on, `cols` columns from `col` on.
struct MatrixBlock {
  std::int64_t row = 0;
  std::int64_t col = 0;
  std::int64_t rows = 0;
  std::int64_t cols = 0;

  friend bool operator==(const MatrixBlock&, const MatrixBlock&) = default;

  [[nodiscard]] std::int64_t elements() const { return rows * cols; }
};

/// Of the ranks of a layer: its share of the turns.
[[nodiscard]] std::int64_t steps(const DistributedMatmul& program, std::int64_t layer);
/// Of the layer that has most.
[[nodiscard]] std::int64_t steps(const DistributedMatmul& program);

[[nodiscard]] std::int64_t turn(const DistributedMatmul& program,
                                const Place& place,
                                std::int64_t step);
/// Of a rank at some turn.
[[nodiscard]] Cell cell(const DistributedMatmul& program, const Place& place, std::int64_t turn);
[[nodiscard]] MatrixBlock block(const DistributedMatmul& program, Matrix matrix, const Cell& cell);
/// The multiplication of a cell.
[[nodiscard]] Gemm gemm(const DistributedMatmul& program, const Cell& cell);

/// Members of the lines that a matrix travels, and which of them a rank is.
[[nodiscard]] std::int64_t members(const DistributedMatmul& program, Matrix matrix);
[[nodiscard]] std::int64_t member(const DistributedMatmul& program,
                                  Matrix matrix,
                                  const Place& place);
/// Member of a line that has the block of a turn at the beginning; of partial sums, at the end.
[[nodiscard]] std::int64_t owner(const DistributedMatmul& program,
                                 Matrix matrix,
                                 std::int64_t turn);

/// Does a block that travels a ring go to another rank before the first step?
[[nodiscard]] bool is_skewed(const DistributedMatmul& program, Matrix matrix);

/// Blocks and multiplications that no rank exceeds: of the longest parts.
[[nodiscard]] Gemm largest_gemm(const DistributedMatmul& program);
[[nodiscard]] topology::Bytes largest_block(const DistributedMatmul& program, Matrix matrix);

/// Bytes on the wire of one rank, step by step: blocks of A and B that come to it, partial sums
/// that leave it.
[[nodiscard]] topology::Bytes wire_bytes(const DistributedMatmul& program, const Place& place);
/// The same of a rank with the longest parts whose every transfer happens, in closed form.
[[nodiscard]] topology::Bytes most_wire_bytes(const DistributedMatmul& program);

}  // namespace kernels
