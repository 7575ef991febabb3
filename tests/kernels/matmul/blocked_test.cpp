#include "kernels/matmul/blocked.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/reference.hpp"
#include "kernels/matmul/scratch.hpp"
#include "topology/error.hpp"

namespace {

using kernels::BFloat16;
using kernels::Gemm;
using topology::DataType;

template <class T>
Gemm gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {
      .m = m, .n = n, .k = k, .type = std::is_same_v<T, float> ? DataType::f32 : DataType::bf16};
}

template <class T, class Distribution>
std::vector<T> filled(std::int64_t size, unsigned seed, Distribution distribution) {
  std::mt19937 generator(seed);
  std::vector<T> values(static_cast<std::size_t>(size));
  for (T& value : values) value = T(static_cast<float>(distribution(generator)));
  return values;
}

template <class T>
std::vector<T> magnitudes(std::vector<T> values) {
  for (T& value : values) value = T(std::fabs(static_cast<float>(value)));
  return values;
}

template <class T>
struct Operands {
  Gemm shape;
  std::vector<T> a;
  std::vector<T> b;

  [[nodiscard]] std::vector<float> blocked(int threads) const {
    // NaN in C: whatever is not overwritten, or is added to, shows.
    std::vector<float> c(static_cast<std::size_t>(shape.m * shape.n), std::nanf(""));
    kernels::multiply(shape, a, b, c, threads);
    return c;
  }

  [[nodiscard]] std::vector<float> reference() const {
    std::vector<float> c(static_cast<std::size_t>(shape.m * shape.n));
    kernels::multiply_reference(shape, a, b, c);
    return c;
  }

  [[nodiscard]] Operands absolute() const { return {shape, magnitudes(a), magnitudes(b)}; }
};

template <class T>
Operands<T> reals(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::uniform_real_distribution<float> unit(-1, 1);
  return {gemm<T>(m, n, k), filled<T>(m * k, 1, unit), filled<T>(k * n, 2, unit)};
}

template <class T>
Operands<T> integers(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::uniform_int_distribution<int> small(-8, 8);  // sums stay below 2^24: exact in float
  return {gemm<T>(m, n, k), filled<T>(m * k, 3, small), filled<T>(k * n, 4, small)};
}

std::string text(const Gemm& s, int threads) {
  return std::to_string(s.m) + " x " + std::to_string(s.n) + " x " + std::to_string(s.k) + ", " +
         std::to_string(threads) + " threads, " + kernels::simd_target();
}

/// Any order of k additions with or without FMA errs by at most k u sum|a||b| to first order
/// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); one u more for the
/// reference's own rounding.
template <class T>
void expect_close(const Operands<T>& operands, int threads) {
  const std::vector<float> c = operands.blocked(threads);
  const std::vector<float> reference = operands.reference();
  const std::vector<float> scale = operands.absolute().reference();
  constexpr float u = std::numeric_limits<float>::epsilon() / 2;
  const auto terms = static_cast<float>(operands.shape.k + 1);
  for (std::size_t i = 0; i < c.size(); ++i)
    ASSERT_LE(std::fabs(c[i] - reference[i]), terms * u * scale[i])
        << "element " << i << " of " << text(operands.shape, threads);
}

template <class T>
void expect_exact(const Operands<T>& operands, int threads) {
  ASSERT_EQ(operands.blocked(threads), operands.reference()) << text(operands.shape, threads);
}

/// 0 chooses the best one again.
void choose(std::int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().DeInit();  // else the choice of the first call stays
}

/// Every vector unit that this CPU has and the kernels were compiled for.
std::vector<std::int64_t> targets() {
  std::vector<std::int64_t> found;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    choose(target);
    if (std::string(kernels::simd_target()) == hwy::TargetName(target)) found.push_back(target);
  }
  choose(0);
  return found;
}

class BlockedOn : public testing::TestWithParam<std::int64_t> {
 protected:
  void SetUp() override { choose(GetParam()); }

  void TearDown() override { choose(0); }
};

std::string target_name(const testing::TestParamInfo<std::int64_t>& info) {
  return hwy::TargetName(info.param);
}

TEST_P(BlockedOn, EverySmallShapeIsExact) {
  for (std::int64_t m = 1; m <= 20; ++m)
    for (std::int64_t n = 1; n <= 20; ++n)
      for (std::int64_t k = 1; k <= 20; ++k) {
        expect_exact(integers<float>(m, n, k), 1);
        expect_exact(integers<BFloat16>(m, n, k), 1);
      }
}

TEST_P(BlockedOn, EveryColumnTailIsClose) {
  for (std::int64_t n = 1; n <= 2 * kernels::tile_cols() + 1; ++n)
    for (const std::int64_t m : {1, 5, 6, 7, 13}) {
      expect_close(reals<float>(m, n, 30), 1);
      expect_close(reals<BFloat16>(m, n, 30), 1);
    }
}

TEST_P(BlockedOn, BlockBoundariesAreExactAndClose) {
  constexpr std::int64_t m = kernels::block_m;
  constexpr std::int64_t n = kernels::block_n;
  constexpr std::int64_t k = kernels::block_k;
  for (const std::int64_t step : {-1, 0, 1}) {
    for (const Gemm& s : {Gemm{m + step, 17, 9},
                          Gemm{2 * m + step, 5, k + 1},
                          Gemm{7, n + step, 9},
                          Gemm{3, 2 * n + step, k + 1},
                          Gemm{13, 33, k + step},
                          Gemm{m + 1, 70, 2 * k + step}}) {
      expect_exact(integers<float>(s.m, s.n, s.k), 1);
      expect_exact(integers<BFloat16>(s.m, s.n, s.k), 1);
      expect_close(reals<float>(s.m, s.n, s.k), 1);
      expect_close(reals<BFloat16>(s.m, s.n, s.k), 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllTargets, BlockedOn, testing::ValuesIn(targets()), target_name);

TEST(Blocked, AnyNumberOfThreadsGivesTheSameBits) {
  for (const Gemm& s : {Gemm{1, 1, 1},
                        Gemm{1, 500, 300},
                        Gemm{500, 1, 300},
                        Gemm{100, 100, 600},
                        Gemm{13, 1100, 40},
                        Gemm{400, 70, 40}}) {
    const Operands<float> singles = reals<float>(s.m, s.n, s.k);
    const Operands<BFloat16> halves = reals<BFloat16>(s.m, s.n, s.k);
    expect_close(singles, 1);
    for (const int threads : {2, 3, 7}) {
      ASSERT_EQ(singles.blocked(threads), singles.blocked(1)) << text(s, threads);
      ASSERT_EQ(halves.blocked(threads), halves.blocked(1)) << text(s, threads);
    }
  }
}

TEST(Blocked, SmallShapesOnManyThreadsAreExact) {
  for (const std::int64_t m : {1, 2, 6, 7, 13, 20})
    for (const std::int64_t n : {1, 2, 15, 16, 65, 130})
      for (const int threads : {2, 3}) expect_exact(integers<float>(m, n, 11), threads);
}

TEST(Blocked, EmptyDimensions) {
  EXPECT_EQ(integers<float>(2, 2, 0).blocked(2), std::vector<float>(4, 0.0F));
  EXPECT_TRUE(integers<float>(0, 2, 3).blocked(2).empty());
  EXPECT_TRUE(integers<float>(2, 0, 3).blocked(2).empty());
}

TEST(Blocked, InfinityAndNaNOfOneRowStayThere) {
  Operands<float> operands = integers<float>(7, 20, 5);
  operands.a[15] = std::numeric_limits<float>::infinity();
  operands.a[21] = std::nanf("");
  const std::vector<float> c = operands.blocked(1);
  for (std::size_t i = 0; i < c.size(); ++i) {
    const std::size_t row = i / 20;
    EXPECT_EQ(std::isfinite(c[i]), row != 3 && row != 4) << i;
  }
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
  EXPECT_THROW(kernels::multiply({-2, -2, -3}, six, six, four, 1), topology::Error);
  EXPECT_THROW(kernels::multiply({2, 2, 3, DataType::bf16}, six, six, four, 1), topology::Error);
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
