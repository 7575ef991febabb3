// Distributed matmuls as programs: every term once, every block where it is multiplied, bytes as in
// the closed forms of the papers, and never below the bound.
#include "kernels/distributed/distributed_matmul.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/distributed/algorithms.hpp"
#include "kernels/distributed/communication_bound.hpp"
#include "topology/error.hpp"

namespace {

using kernels::Cell;
using kernels::DistributedMatmul;
using kernels::Gemm;
using kernels::Matrix;
using kernels::Motion;
using kernels::Place;
using kernels::ProcessGrid;
using topology::DataType;

constexpr std::int64_t most_ranks = 48;

/// Every algorithm on every grid of up to so many ranks.
std::vector<DistributedMatmul> programs(const Gemm& shape, std::int64_t most = most_ranks) {
  std::vector<DistributedMatmul> all;
  for (const std::string& algorithm : kernels::distributed_algorithms())
    for (std::int64_t ranks = 1; ranks <= most; ++ranks)
      for (const ProcessGrid& grid : kernels::grids(algorithm, ranks))
        all.push_back(kernels::distributed_matmul(algorithm, shape, grid));
  return all;
}

std::string text(const DistributedMatmul& program) {
  return program.algorithm + " on " + program.grid.text();
}

/// Every part of every dimension is as long as the others.
Gemm dividing(const ProcessGrid& grid) {
  const std::int64_t all = grid.rows * grid.columns * grid.layers;
  return {2 * all, 3 * all, 5 * all, DataType::f32};
}

Place place(const DistributedMatmul& program, std::int64_t rank) {
  return program.grid.place(rank);
}

/// The rank so many members further on the line that a matrix travels.
Place neighbour(const DistributedMatmul& program, Matrix matrix, Place at, std::int64_t distance) {
  const std::int64_t all = members(program, matrix);
  std::int64_t& digit = program.travel(matrix).line == kernels::Line::row ? at.column : at.row;
  digit = (digit + distance + all) % all;
  return at;
}

Place at_member(const DistributedMatmul& program, Matrix matrix, Place at, std::int64_t member) {
  return neighbour(program, matrix, at, member - kernels::member(program, matrix, at));
}

kernels::MatrixBlock block_at(const DistributedMatmul& program,
                              Matrix matrix,
                              const Place& at,
                              std::int64_t turn) {
  return block(program, matrix, cell(program, at, turn));
}

TEST(DistributedMatmul, EveryTermIsMultipliedOnce) {
  for (const DistributedMatmul& p : programs({7, 11, 13, DataType::f32})) {
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t>> seen;
    topology::Flops work;
    for (std::int64_t rank = 0; rank < p.grid.ranks(); ++rank)
      for (std::int64_t s = 0; s < steps(p, place(p, rank).layer); ++s) {
        const Cell c = cell(p, place(p, rank), turn(p, place(p, rank), s));
        ASSERT_TRUE(seen.insert({c.m, c.n, c.k}).second) << text(p) << ", rank " << rank;
        ASSERT_TRUE(c.m < p.m.parts && c.n < p.n.parts && c.k < p.k.parts) << text(p);
        work += gemm(p, c).flops();
      }
    EXPECT_EQ(std::ssize(seen), p.m.parts * p.n.parts * p.k.parts) << text(p);
    EXPECT_EQ(work, p.shape.flops()) << text(p);
  }
}

TEST(DistributedMatmul, NoRankDoesMoreThanItsShare) {
  for (const std::string& algorithm : kernels::distributed_algorithms())
    for (std::int64_t ranks = 1; ranks <= most_ranks; ++ranks)
      for (const ProcessGrid& grid : kernels::grids(algorithm, ranks)) {
        const DistributedMatmul p = kernels::distributed_matmul(algorithm, dividing(grid), grid);
        const bool even = p.turn.parts % grid.layers == 0;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
          topology::Flops work;
          for (std::int64_t s = 0; s < steps(p, place(p, rank).layer); ++s)
            work += gemm(p, cell(p, place(p, rank), turn(p, place(p, rank), s))).flops();
          const topology::Flops most = static_cast<double>(steps(p)) * largest_gemm(p).flops();
          if (even) {
            ASSERT_EQ(work, p.shape.flops() / static_cast<double>(ranks)) << text(p);
          }
          ASSERT_LE(work, most) << text(p);
        }
      }
}

TEST(DistributedMatmul, OperandsAreWhereTheyAreMultiplied) {
  for (const DistributedMatmul& p : programs({48, 96, 60, DataType::f32}))
    for (const Matrix matrix : {Matrix::a, Matrix::b}) {
      const Motion motion = p.travel(matrix).motion;
      for (std::int64_t rank = 0; rank < p.grid.ranks(); ++rank) {
        const Place here = place(p, rank);
        for (std::int64_t s = 0; s < steps(p, here.layer); ++s) {
          const std::int64_t q = turn(p, here, s);
          const bool moved = motion == Motion::ring && s > 0;
          const Place from = moved ? neighbour(p, matrix, here, -p.travel(matrix).direction)
                                   : at_member(p, matrix, here, owner(p, matrix, q));
          if (moved) {
            ASSERT_EQ(turn(p, from, s - 1), q) << text(p) << ", rank " << rank;
          }
          if (motion != Motion::still) {
            ASSERT_EQ(block_at(p, matrix, from, q), block_at(p, matrix, here, q)) << text(p);
          }
        }
      }
    }
}

TEST(DistributedMatmul, MatricesThatStayHaveNoTurnOfAnother) {
  // What is still is either the same in all steps, or all of its blocks are the rank's alone.
  for (const DistributedMatmul& p : programs({48, 96, 60, DataType::f32}))
    for (const Matrix matrix : {Matrix::a, Matrix::b, Matrix::c}) {
      if (p.travel(matrix).motion != Motion::still || !p.turns(matrix)) continue;
      std::map<std::tuple<std::int64_t, std::int64_t>, std::int64_t> holders;
      for (std::int64_t rank = 0; rank < p.grid.ranks(); ++rank)
        for (std::int64_t q = 0; q < p.turn.parts; ++q) {
          const kernels::MatrixBlock b = block_at(p, matrix, place(p, rank), q);
          ASSERT_EQ(holders.try_emplace({b.row, b.col}, rank).first->second, rank) << text(p);
        }
    }
}

TEST(DistributedMatmul, PartialSumsCollectEveryTermOnTheirWayToTheirOwner) {
  for (std::int64_t ranks = 1; ranks <= most_ranks; ++ranks)
    for (const ProcessGrid& grid : kernels::grids("reducescatter", ranks)) {
      const DistributedMatmul p = kernels::distributed_matmul("reducescatter", {96, 96, 96}, grid);
      std::vector<std::set<std::int64_t>> sums(static_cast<std::size_t>(ranks));
      for (std::int64_t s = 0; s < steps(p); ++s) {
        std::vector<std::set<std::int64_t>> after(sums.size());
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
          const Place here = place(p, rank);
          const Place before = neighbour(p, Matrix::c, here, -p.c.direction);
          const std::int64_t q = turn(p, here, s);
          auto& sum = after[static_cast<std::size_t>(rank)];
          if (s > 0) {
            ASSERT_EQ(turn(p, before, s - 1), q) << text(p);
            sum = sums[static_cast<std::size_t>(before.row * grid.columns + before.column)];
          }
          ASSERT_TRUE(sum.insert(cell(p, here, q).k).second) << text(p);
        }
        sums = after;
      }
      for (std::int64_t rank = 0; rank < ranks; ++rank) {
        EXPECT_EQ(std::ssize(sums[static_cast<std::size_t>(rank)]), p.k.parts) << text(p);
        const std::int64_t last = turn(p, place(p, rank), steps(p) - 1);
        EXPECT_EQ(owner(p, Matrix::c, last), place(p, rank).column) << text(p);
      }
    }
}

/// Bytes of a rank as the headers have them.
double closed_form(const std::string& algorithm,
                   const Gemm& shape,
                   const ProcessGrid& grid,
                   const Place& at) {
  const auto [m, n, k, type] = shape;
  const std::int64_t rows = grid.rows;
  const std::int64_t columns = grid.columns;
  const std::int64_t a = m * k / (rows * columns);
  const std::int64_t b = k * n / (rows * columns);
  const std::int64_t c = m * n / (rows * columns);
  constexpr double size = 4;
  if (algorithm == "allgather") return size * static_cast<double>((columns - 1) * a);
  if (algorithm == "reducescatter") return size * static_cast<double>((columns - 1) * c);
  if (algorithm == "summa") return size * static_cast<double>((columns - 1) * a + (rows - 1) * b);
  const std::int64_t begin = rows * at.layer / grid.layers;
  const std::int64_t shifts = rows * (at.layer + 1) / grid.layers - begin - 1;
  std::int64_t sum = shifts * (a + b);
  if ((at.row + begin) % rows != 0) sum += a;
  if ((at.column + begin) % rows != 0) sum += b;
  if (at.layer > 0) sum += a + b + c;
  return size * static_cast<double>(sum);
}

TEST(DistributedMatmul, BytesAreThoseOfTheClosedForm) {
  int grids = 0;
  for (const std::string& algorithm : kernels::distributed_algorithms())
    for (std::int64_t ranks = 1; ranks <= 128; ++ranks)
      for (const ProcessGrid& grid : kernels::grids(algorithm, ranks)) {
        const Gemm shape = dividing(grid);
        const DistributedMatmul p = kernels::distributed_matmul(algorithm, shape, grid);
        double most = 0;
        for (std::int64_t rank = 0; rank < ranks; ++rank) {
          const double bytes = wire_bytes(p, place(p, rank)).value();
          ASSERT_EQ(bytes, closed_form(algorithm, shape, grid, place(p, rank)))
              << text(p) << ", rank " << rank;
          most = std::max(most, bytes);
        }
        // Of 2.5D with shares that differ no rank may have all at once.
        ASSERT_GE(most_wire_bytes(p).value(), most) << text(p);
        if (p.turn.parts % grid.layers == 0 && grid.layers < grid.rows) {
          ASSERT_EQ(most_wire_bytes(p).value(), most) << text(p);
        }
        ++grids;
      }
  EXPECT_GT(grids, 1500);
}

TEST(DistributedMatmul, UnevenPartsMoveNoMoreThanTheLongest) {
  for (const DistributedMatmul& p : programs({37, 53, 29, DataType::bf16}))
    for (std::int64_t rank = 0; rank < p.grid.ranks(); ++rank)
      ASSERT_LE(wire_bytes(p, place(p, rank)), most_wire_bytes(p)) << text(p);
}

TEST(DistributedMatmul, HalfAMillionRanksAreTheSameDozenNumbers) {
  const std::int64_t side = 524288;
  const Gemm shape{side, side, side, DataType::bf16};
  // 2 x 2^19 x 2^19 (k 2^19 / 512) ... : A and B in 512 x 512 blocks of 1024 x 1024, s/c + 1 = 257
  // of each, and a sum of f32.
  const DistributedMatmul p = kernels::distributed_matmul("2.5d", shape, {512, 512, 2});
  EXPECT_EQ(steps(p), 256);
  EXPECT_EQ(most_wire_bytes(p).value(), 257 * 2 * 1048576.0 * 2 + 1048576.0 * 4);
  EXPECT_EQ(largest_gemm(p), (Gemm{1024, 1024, 1024, DataType::bf16}));
}

TEST(CommunicationBound, NoProgramIsBelow) {
  for (const std::string& algorithm : kernels::distributed_algorithms())
    for (std::int64_t ranks = 2; ranks <= 64; ++ranks)
      for (const ProcessGrid& grid : kernels::grids(algorithm, ranks))
        for (const auto& [x, y, z] : {std::tuple(1, 1, 1),
                                      std::tuple(50, 1, 2),
                                      std::tuple(1, 70, 1),
                                      std::tuple(1, 3, 90)}) {
          const std::int64_t all = grid.ranks();
          const Gemm shape{x * all, y * all, z * all, DataType::f32};
          const DistributedMatmul p = kernels::distributed_matmul(algorithm, shape, grid);
          if (p.turn.parts % grid.layers != 0) continue;  // ranks share the work unevenly
          topology::Bytes most;
          for (std::int64_t rank = 0; rank < ranks; ++rank)
            most = std::max(most, wire_bytes(p, place(p, rank)));
          ASSERT_GE(most.value(), least_wire_bytes(p).value() * (1 - 1e-12)) << text(p);
        }
}

TEST(CommunicationBound, IsReachedWhereTheAlgorithmsAreOptimal) {
  // One dimension, P <= d1 / d2: only the smallest matrix moves.
  const DistributedMatmul one =
      kernels::distributed_matmul("allgather", {64, 4096, 32, DataType::f32}, {1, 16, 1});
  EXPECT_DOUBLE_EQ(least_wire_bytes(one).value(), most_wire_bytes(one).value());
  // Two dimensions, d1/d2 <= P <= d1 d2 / d3^2, blocks of C square.
  const DistributedMatmul two =
      kernels::distributed_matmul("summa", {1024, 2048, 64, DataType::f32}, {4, 8, 1});
  EXPECT_DOUBLE_EQ(least_wire_bytes(two).value(), most_wire_bytes(two).value());
  // Three: 3 (N^3 / 8)^(2/3) - 3 N^2 / 8 for a cube on eight ranks.
  EXPECT_DOUBLE_EQ(kernels::least_elements({16, 16, 16, DataType::f32}, 8), 3 * 64 - 3 * 32);
}

TEST(Grids, AreReadAndRefused) {
  EXPECT_EQ(kernels::parse_grid("4x8"), (ProcessGrid{4, 8, 1}));
  EXPECT_EQ(kernels::parse_grid("4x4x2"), (ProcessGrid{4, 4, 2}));
  for (const char* bad : {"", "4", "4x", "0x4", "-1x4", "4x4x2x2", "4x4 ", "axb", "4x4x"})
    EXPECT_THROW((void)kernels::parse_grid(bad), topology::Error) << bad;
  const Gemm cube{8, 8, 8, DataType::f32};
  for (const auto& [algorithm, grid] : {std::pair("cannon", ProcessGrid{2, 4, 1}),
                                        std::pair("cannon", ProcessGrid{2, 2, 2}),
                                        std::pair("2.5d", ProcessGrid{2, 4, 2}),
                                        std::pair("2.5d", ProcessGrid{2, 2, 4}),
                                        std::pair("summa", ProcessGrid{2, 2, 2}),
                                        std::pair("allgather", ProcessGrid{1, 2, 2}),
                                        std::pair("strassen", ProcessGrid{2, 2, 1})})
    EXPECT_THROW((void)kernels::distributed_matmul(algorithm, cube, grid), topology::Error)
        << algorithm << grid.text();
  EXPECT_THROW((void)kernels::distributed_matmul("summa", {8, 0, 8}, {1, 1, 1}), topology::Error);
  EXPECT_TRUE(kernels::grids("cannon", 8).empty());
  EXPECT_EQ(kernels::grids("2.5d", 8), (std::vector<ProcessGrid>{{2, 2, 2}}));
  EXPECT_EQ(kernels::grids("2.5d", 16), (std::vector<ProcessGrid>{{4, 4, 1}}));
}

}  // namespace
