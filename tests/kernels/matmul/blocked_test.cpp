#include "kernels/matmul/blocked.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/dot.hpp"
#include "kernels/matmul/elements.hpp"
#include "kernels/matmul/reference.hpp"
#include "kernels/matmul/scratch.hpp"
#include "kernels/matmul/weights.hpp"
#include "tests/vector_unit.hpp"
#include "topology/error.hpp"

namespace {

using fixtures::choose_vector_unit;
using kernels::Bf16;
using kernels::BFloat16;
using kernels::F32;
using kernels::F64;
using kernels::Gemm;
using kernels::I8;
using topology::DataType;

template <class T>
Gemm gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {.m = m, .n = n, .k = k, .type = T::type};
}

/// bf16 is made from float only.
template <class Element, class Number>
auto as(Number number) {
  if constexpr (std::is_same_v<Element, BFloat16>)
    return static_cast<float>(number);
  else
    return static_cast<Element>(number);
}

template <class Element, class Distribution>
std::vector<Element> filled(std::int64_t size, unsigned seed, Distribution distribution) {
  std::mt19937 generator(seed);
  std::vector<Element> values(static_cast<std::size_t>(size));
  for (Element& value : values) value = static_cast<Element>(as<Element>(distribution(generator)));
  return values;
}

double magnitude(double value) {
  return std::fabs(value);
}

BFloat16 magnitude(BFloat16 value) {
  return BFloat16(std::fabs(static_cast<float>(value)));
}

template <class Element>
std::vector<Element> magnitudes(std::vector<Element> values) {
  for (Element& value : values) value = static_cast<Element>(magnitude(value));
  return values;
}

template <class T>
struct Operands {
  Gemm shape;
  std::vector<typename T::A> a;
  std::vector<typename T::B> b;
  kernels::Layout layout;

  [[nodiscard]] std::size_t results() const {
    return static_cast<std::size_t>(layout.batch * shape.m * shape.n);
  }

  [[nodiscard]] std::vector<typename T::C> blocked(int threads) const {
    // NaN in C: whatever is not overwritten, or is added to, shows.
    using C = typename T::C;
    const C junk = std::is_integral_v<C> ? C(77'777'777) : std::numeric_limits<C>::quiet_NaN();
    std::vector<C> c(results(), junk);
    kernels::multiply(shape, a, b, c, threads, layout);
    return c;
  }

  [[nodiscard]] std::vector<typename T::C> reference() const {
    std::vector<typename T::C> c(results());
    kernels::multiply_reference(shape, a, b, c, layout);
    return c;
  }

  [[nodiscard]] Operands absolute() const { return {shape, magnitudes(a), magnitudes(b), layout}; }
};

template <class T>
Operands<T> reals(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::uniform_real_distribution<float> unit(-1, 1);
  return {gemm<T>(m, n, k),
          filled<typename T::A>(m * k, 1, unit),
          filled<typename T::B>(k * n, 2, unit),
          {}};
}

/// Sums are exact: they stay below 2^24 in float.
template <class T>
Operands<T> integers(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::uniform_int_distribution<int> small(-8, 8);
  return {gemm<T>(m, n, k),
          filled<typename T::A>(m * k, 3, small),
          filled<typename T::B>(k * n, 4, small),
          {}};
}

/// All that the bytes can be.
template <>
Operands<I8> integers<I8>(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {gemm<I8>(m, n, k),
          filled<std::uint8_t>(m * k, 3, std::uniform_int_distribution<int>(0, 255)),
          filled<std::int8_t>(k * n, 4, std::uniform_int_distribution<int>(-128, 127)),
          {}};
}

std::string text(const Gemm& s, int threads) {
  return std::to_string(s.m) + " x " + std::to_string(s.n) + " x " + std::to_string(s.k) + ", " +
         std::to_string(threads) + " threads, " + topology::name(s.type) + ", " +
         kernels::simd_target(s.type);
}

/// Any order of k additions with or without FMA errs by at most k u sum|a||b| to first order
/// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); one u more for the
/// reference's own rounding.
template <class T>
void expect_close(const Operands<T>& operands, int threads) {
  using C = typename T::C;
  const std::vector<C> c = operands.blocked(threads);
  const std::vector<C> reference = operands.reference();
  const std::vector<C> scale = operands.absolute().reference();
  constexpr C u = std::numeric_limits<C>::epsilon() / 2;
  const auto terms = static_cast<C>(operands.shape.k + 1);
  for (std::size_t i = 0; i < c.size(); ++i)
    ASSERT_LE(std::fabs(c[i] - reference[i]), terms * u * scale[i])
        << "element " << i << " of " << text(operands.shape, threads);
}

template <class T>
void expect_exact(const Operands<T>& operands, int threads) {
  ASSERT_EQ(operands.blocked(threads), operands.reference()) << text(operands.shape, threads);
}

/// Of packed weights, too, also where k is summed in several blocks.
template <class T>
void expect_same_packed(const Operands<T>& operands, int threads) {
  const kernels::Weights<typename T::A, typename T::B, typename T::C> weights(operands.shape,
                                                                              operands.b);
  std::vector<typename T::C> c(static_cast<std::size_t>(operands.shape.m * operands.shape.n));
  weights.multiply(operands.shape, operands.a, c, threads);
  ASSERT_EQ(c, operands.blocked(1)) << "packed, " << text(operands.shape, threads);
}

template <class Element>
std::vector<Element> turned(const std::vector<Element>& values,
                            std::int64_t rows,
                            std::int64_t cols) {
  std::vector<Element> turned;
  for (std::int64_t j = 0; j < cols; ++j)
    for (std::int64_t i = 0; i < rows; ++i)
      turned.push_back(values[static_cast<std::size_t>(i * cols + j)]);
  return turned;
}

/// However A and B lie, by either kernel and with packed weights: the same bits.
template <class T>
void expect_same_in_any_layout(const Operands<T>& plain, int threads) {
  const Gemm& s = plain.shape;
  const auto expected = plain.blocked(1);
  for (const bool a_transposed : {false, true})
    for (const bool b_transposed : {false, true}) {
      const Operands<T> operands{s,
                                 a_transposed ? turned(plain.a, s.m, s.k) : plain.a,
                                 b_transposed ? turned(plain.b, s.k, s.n) : plain.b,
                                 {a_transposed, b_transposed}};
      ASSERT_EQ(operands.blocked(threads), expected)
          << a_transposed << b_transposed << ' ' << text(s, threads);
      ASSERT_EQ(operands.reference(), plain.reference()) << a_transposed << b_transposed;
      if (a_transposed) continue;
      const kernels::Weights<typename T::A, typename T::B, typename T::C> weights(
          s, operands.b, b_transposed);
      std::vector<typename T::C> c(expected.size());
      weights.multiply(s, plain.a, c, threads);
      ASSERT_EQ(c, expected) << "packed " << b_transposed << ' ' << text(s, threads);
    }
}

/// Every vector unit that this CPU has and the kernels were compiled for.
std::vector<std::int64_t> targets() {
  std::vector<std::int64_t> found;
  for (std::int64_t left = hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const std::int64_t target = left & -left;
    choose_vector_unit(target);
    if (std::string(kernels::simd_target()) == hwy::TargetName(target)) found.push_back(target);
  }
  choose_vector_unit(0);
  return found;
}

/// A vector unit, with or without dot products of its own where it has them.
struct Unit {
  std::int64_t target = 0;
  bool dot = false;
};

std::vector<Unit> units() {
  std::vector<Unit> all;
  for (const std::int64_t target : targets()) {
    all.push_back({target, false});
    choose_vector_unit(target);
    if (kernels::has_dot(DataType::bf16) || kernels::has_dot(DataType::i8))
      all.push_back({target, true});
  }
  choose_vector_unit(0);
  return all;
}

class BlockedOn : public testing::TestWithParam<Unit> {
 protected:
  void SetUp() override {
    choose_vector_unit(GetParam().target);
    kernels::allow_dot(GetParam().dot);
  }

  void TearDown() override {
    choose_vector_unit(0);
    kernels::allow_dot(true);
  }

  /// Of a type that has no dot product there is no second variant.
  static bool is_new(DataType type) { return !GetParam().dot || kernels::has_dot(type); }

  template <class T>
  static void expect_exact_and_close(std::int64_t m, std::int64_t n, std::int64_t k) {
    if (!is_new(T::type)) return;
    expect_exact(integers<T>(m, n, k), 1);
    expect_same_packed(integers<T>(m, n, k), 1);
    if constexpr (!std::is_integral_v<typename T::C>) {
      expect_close(reals<T>(m, n, k), 1);
      expect_same_packed(reals<T>(m, n, k), 1);
    }
  }

  /// Panels hold 2,048 bytes of a row of A, as it is or widened to 32 bits.
  template <class T>
  static void expect_right_around_a_panel() {
    for (const std::size_t bytes :
         std::set<std::size_t>{sizeof(typename T::A), sizeof(typename T::C)})
      for (const std::int64_t step : {-1, 0, 1}) {
        const std::int64_t k = kernels::block_k_bytes / static_cast<std::int64_t>(bytes);
        expect_exact_and_close<T>(7, 33, k + step);
        expect_exact_and_close<T>(5, 18, 2 * k + step);
        expect_exact_and_close<T>(13, 48, 2 * k + step);  // whole vectors
      }
  }

  static void expect_right_in_every_type(std::int64_t m, std::int64_t n, std::int64_t k) {
    expect_exact_and_close<F32>(m, n, k);
    expect_exact_and_close<F64>(m, n, k);
    expect_exact_and_close<Bf16>(m, n, k);
    expect_exact_and_close<I8>(m, n, k);
  }
};

std::string unit_name(const testing::TestParamInfo<Unit>& info) {
  return std::string(hwy::TargetName(info.param.target)) + (info.param.dot ? "WithDot" : "");
}

TEST_P(BlockedOn, EverySmallShapeIsRight) {
  for (std::int64_t m = 1; m <= 13; ++m)
    for (std::int64_t n = 1; n <= 18; ++n)
      for (std::int64_t k = 1; k <= 9; ++k) expect_right_in_every_type(m, n, k);
}

TEST_P(BlockedOn, EveryColumnTailIsRight) {
  for (std::int64_t n = 1; n <= 2 * kernels::block_kernels<float, float, float>().tile_cols + 1;
       ++n)
    for (const std::int64_t m : {1, 5, 6, 7, 13}) expect_right_in_every_type(m, n, 30);
}

TEST_P(BlockedOn, BlockBoundariesAreRight) {
  constexpr std::int64_t m = kernels::block_m;
  constexpr std::int64_t n = kernels::block_n;
  for (const std::int64_t step : {-1, 0, 1}) {
    expect_right_in_every_type(m + step, 17, 9);
    expect_right_in_every_type(7, n + step, 9);
  }
  expect_right_in_every_type(2 * m + 1, 5, 9);
  expect_right_in_every_type(3, 2 * n + 1, 9);
  expect_right_in_every_type(3, n + 64, 16);
  expect_right_around_a_panel<F32>();
  expect_right_around_a_panel<F64>();
  expect_right_around_a_panel<Bf16>();
  expect_right_around_a_panel<I8>();
}

TEST_P(BlockedOn, AnyLayoutGivesTheSameBits) {
  // Below, at and above a vector, a tile of rows and what is turned at a time; two blocks of k.
  for (const Gemm& s : {Gemm{1, 1, 1},
                        Gemm{1, 64, 33},
                        Gemm{5, 16, 1},
                        Gemm{6, 64, 16},
                        Gemm{7, 67, 17},
                        Gemm{17, 130, 31},
                        Gemm{20, 40, 2 * kernels::block_k_bytes / 2 + 3}}) {
    expect_same_in_any_layout(reals<F32>(s.m, s.n, s.k), 1);
    expect_same_in_any_layout(reals<F64>(s.m, s.n, s.k), 2);
    if (is_new(DataType::bf16)) expect_same_in_any_layout(reals<Bf16>(s.m, s.n, s.k), 1);
    if (is_new(DataType::i8)) expect_same_in_any_layout(integers<I8>(s.m, s.n, s.k), 2);
  }
}

INSTANTIATE_TEST_SUITE_P(AllUnits, BlockedOn, testing::ValuesIn(units()), unit_name);

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
