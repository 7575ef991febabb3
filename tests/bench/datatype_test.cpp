// The verification inputs themselves: exact in any order, at any number of ranks.
#include "bench/executor/datatype.hpp"

#include <array>
#include <cstring>

#include <gtest/gtest.h>

#include "bench/executor/combine.hpp"
#include "kernels/matmul/bfloat16.hpp"
#include "topology/error.hpp"

namespace {

using bench::Operator;
using bench::Pattern;
using topology::DataType;

std::vector<std::byte> contribution(const Pattern& pattern, std::int64_t rank, std::size_t bytes) {
  std::vector<std::byte> data(bytes);
  pattern.fill(data, rank, 0);
  return data;
}

/// Adds the contribution of `rank`, or takes the larger elements.
void reduce(std::vector<std::byte>& into,
            const Pattern& pattern,
            std::int64_t rank,
            DataType type,
            Operator op) {
  const auto other = contribution(pattern, rank, into.size());
  const std::array<const std::byte*, 2> both{into.data(), other.data()};
  bench::combine(type, op, {into.data()}, both, into.size());
}

TEST(Pattern, ReductionInAnyOrderIsTheExpectedOne) {
  for (const DataType type : {DataType::f32, DataType::f64, DataType::i32, DataType::bf16})
    for (const Operator op : {Operator::sum, Operator::max})
      for (const std::int64_t ranks : {2, 3, 64, 300, 1000}) {
        const Pattern pattern(type, op, ranks);
        const std::size_t bytes = 1200 * static_cast<std::size_t>(topology::size_of(type).value());
        auto up = contribution(pattern, 0, bytes);
        auto down = contribution(pattern, ranks - 1, bytes);
        for (std::int64_t r = 1; r < ranks; ++r) {
          reduce(up, pattern, r, type, op);
          reduce(down, pattern, ranks - 1 - r, type, op);
        }
        EXPECT_EQ(pattern.wrong_reduced(up, 0), 0) << topology::name(type) << ranks;
        EXPECT_EQ(std::memcmp(up.data(), down.data(), bytes), 0);
      }
}

TEST(Pattern, EveryFlippedElementIsCounted) {
  const Pattern pattern(DataType::i32, Operator::sum, 4);
  auto data = contribution(pattern, 2, 4000);
  EXPECT_EQ(pattern.wrong_copied(data, 2, 0), 0);
  for (const std::size_t element : {0U, 508U, 509U, 999U}) data[element * 4] ^= std::byte{1};
  EXPECT_EQ(pattern.wrong_copied(data, 2, 0), 4);
}

TEST(Pattern, AShiftedChunkShows) {
  const Pattern pattern(DataType::f32, Operator::sum, 4);
  std::vector<std::byte> data(4096);
  pattern.fill(data, 1, 1024);
  EXPECT_EQ(pattern.wrong_copied(data, 1, 1024), 0);
  EXPECT_GT(pattern.wrong_copied(data, 1, 0), 500);
  EXPECT_GT(pattern.wrong_copied(data, 2, 1024), 500);
}

TEST(DataTypes, OthersAreRefusedByName) {
  EXPECT_THROW(bench::check_measurable(DataType::fp8), topology::Error);
  EXPECT_THROW(bench::parse_operator("prod"), topology::Error);
}

}  // namespace
