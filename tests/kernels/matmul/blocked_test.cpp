#include "kernels/matmul/blocked.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/dot.hpp"
#include "kernels/matmul/elements.hpp"
#include "kernels/matmul/reference.hpp"
#include "kernels/matmul/scratch.hpp"
#include "kernels/matmul/weights.hpp"
#include "tests/kernels/matmul/blocked_operands.hpp"
#include "topology/error.hpp"

namespace {

using fixtures::Bf16;
using fixtures::BFloat16;
using fixtures::DataType;
using fixtures::expect_close;
using fixtures::expect_exact;
using fixtures::expect_same_packed;
using fixtures::F32;
using fixtures::F64;
using fixtures::Gemm;
using fixtures::I8;
using fixtures::integers;
using fixtures::Operands;
using fixtures::reals;
using fixtures::text;

TEST(Blocked, AnyNumberOfThreadsGivesTheSameBits) {
  for (const Gemm& s : {Gemm{1, 1, 1},
                        Gemm{1, 500, 300},
                        Gemm{500, 1, 300},
                        Gemm{100, 100, 600},
                        Gemm{13, 1100, 40},
                        Gemm{400, 70, 40}}) {
    const Operands<F32> singles = reals<F32>(s.m, s.n, s.k);
    const Operands<Bf16> halves = reals<Bf16>(s.m, s.n, s.k);
    const Operands<F64> doubles = reals<F64>(s.m, s.n, s.k);
    expect_close(singles, 1);
    for (const int threads : {2, 3, 7}) {
      ASSERT_EQ(singles.blocked(threads), singles.blocked(1)) << text(s, threads);
      ASSERT_EQ(halves.blocked(threads), halves.blocked(1)) << text(s, threads);
      ASSERT_EQ(doubles.blocked(threads), doubles.blocked(1)) << text(s, threads);
      expect_exact(integers<I8>(s.m, s.n, s.k), threads);
      expect_same_packed(singles, threads);
      expect_same_packed(halves, threads);
    }
  }
}

TEST(Blocked, EachMatmulOfABatchIsRight) {
  constexpr Gemm s{7, 33, 12};
  for (const std::int64_t batch : {1, 2, 3, 20})
    for (const bool b_transposed : {false, true})
      for (const int threads : {1, 2, 3}) {
        // One long A and B, cut: each matmul has other numbers.
        Operands<F32> all = integers<F32>(batch * s.m, s.n, s.k);
        all.b = integers<F32>(1, batch * s.n, s.k).b;
        all.shape = s;
        all.layout = {false, b_transposed, batch};
        expect_exact(all, threads);
      }
}

TEST(Blocked, SmallShapesOnManyThreadsAreExact) {
  for (const std::int64_t m : {1, 2, 6, 7, 13, 20})
    for (const std::int64_t n : {1, 2, 15, 16, 65, 130})
      for (const int threads : {2, 3}) expect_exact(integers<F32>(m, n, 11), threads);
}

TEST(Blocked, EmptyDimensions) {
  EXPECT_EQ(integers<F32>(2, 2, 0).blocked(2), std::vector<float>(4, 0.0F));
  EXPECT_TRUE(integers<F32>(0, 2, 3).blocked(2).empty());
  EXPECT_TRUE(integers<F32>(2, 0, 3).blocked(2).empty());
}

/// 255 x -128 a term passes -2^31 after 65,793: sums wrap around on every unit.
TEST(Blocked, SumsOfBytesWrapAround) {
  Operands<I8> operands = integers<I8>(2, 3, 70000);
  std::fill(operands.a.begin(), operands.a.end(), std::uint8_t{255});
  std::fill(operands.b.begin(), operands.b.end(), std::int8_t{-128});
  const auto wrapped = static_cast<std::int32_t>(static_cast<std::uint32_t>(-255LL * 128 * 70000));
  EXPECT_GT(wrapped, 0);
  EXPECT_EQ(operands.reference(), std::vector<std::int32_t>(6, wrapped));
  EXPECT_EQ(operands.blocked(1), operands.reference());
  kernels::allow_dot(false);
  EXPECT_EQ(operands.blocked(1), operands.reference());
  kernels::allow_dot(true);
}

TEST(Blocked, InfinityAndNaNOfOneRowStayThere) {
  Operands<F32> operands = integers<F32>(7, 20, 5);
  operands.a[15] = std::numeric_limits<float>::infinity();
  operands.a[21] = std::nanf("");
  const std::vector<float> c = operands.blocked(1);
  for (std::size_t i = 0; i < c.size(); ++i) {
    const std::size_t row = i / 20;
    EXPECT_EQ(std::isfinite(c[i]), row != 3 && row != 4) << i;
  }
}

/// What one matmul leaves in the panels does not reach the next, whose k is no whole group.
TEST(Blocked, NaNOfAnEarlierMatmulIsGone) {
  Operands<Bf16> before = integers<Bf16>(6, 16, 8);
  std::fill(before.a.begin(), before.a.end(), BFloat16(std::nanf("")));
  std::fill(before.b.begin(), before.b.end(), BFloat16(std::nanf("")));
  static_cast<void>(before.blocked(1));
  for (const std::int64_t n : {16, 5}) expect_exact(integers<Bf16>(6, n, 3), 1);
}

TEST(Blocked, RefusesOperandsThatDoNotFit) {
  std::vector<float> six(6);
  std::vector<float> four(4);
  std::vector<float> nine(9);
  const Gemm shape{2, 2, 3};
  EXPECT_NO_THROW(kernels::multiply(shape, six, six, four, 1));
  EXPECT_THROW(kernels::multiply(shape, nine, six, four, 1), topology::Error);
  EXPECT_THROW(kernels::multiply(shape, six, nine, four, 1), topology::Error);
  EXPECT_THROW(kernels::multiply(shape, six, six, nine, 1), topology::Error);
  EXPECT_THROW(kernels::multiply(shape, six, six, four, 0), topology::Error);
  EXPECT_THROW(kernels::multiply(shape, six, six, four, 1, {.batch = 0}), topology::Error);
  EXPECT_THROW(kernels::multiply(shape, six, six, four, 1, {.batch = 2}), topology::Error);
  EXPECT_THROW(kernels::multiply({-2, -2, -3}, six, six, four, 1), topology::Error);
  EXPECT_THROW(kernels::multiply({2, 2, 3, DataType::bf16}, six, six, four, 1), topology::Error);
}

TEST(Weights, RefuseWhatDoesNotFit) {
  const std::vector<float> six(6);
  std::vector<float> four(4);
  const Gemm shape{2, 2, 3};
  const kernels::WeightsF32 weights(shape, six);
  EXPECT_NO_THROW(weights.multiply(shape, six, four, 1));
  EXPECT_THROW(weights.multiply({2, 3, 3}, six, four, 1), topology::Error);
  EXPECT_THROW(weights.multiply({2, 2, 2}, six, four, 1), topology::Error);
  EXPECT_THROW(weights.multiply({3, 2, 3}, six, four, 1), topology::Error);
  EXPECT_THROW(weights.multiply(shape, six, four, 0), topology::Error);
  EXPECT_THROW(kernels::WeightsF32({2, 2, 4}, six), topology::Error);
  std::vector<float> none;
  EXPECT_NO_THROW(kernels::WeightsF32({0, 0, 3}, none).multiply({2, 0, 3}, six, none, 1));
}

TEST(Gemm, CountsFlopsAndCompulsoryBytes) {
  const Gemm single{2, 3, 5, DataType::f32};
  EXPECT_EQ(single.flops(), topology::Flops(60));
  EXPECT_EQ(single.bytes(), topology::Bytes(4.0 * (10 + 15 + 6)));
  const Gemm half{2, 3, 5, DataType::bf16};
  EXPECT_EQ(half.bytes(), topology::Bytes(2.0 * (10 + 15) + 4.0 * 6));
  EXPECT_EQ(half.bytes(DataType::bf16), topology::Bytes(2.0 * (10 + 15 + 6)));
  EXPECT_DOUBLE_EQ(half.intensity().value(), 60.0 / 74.0);
}

}  // namespace
