// Every vector unit of this CPU, with and without dot products: sizes around tiles, blocks and
// panels.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/dot.hpp"
#include "tests/kernels/matmul/blocked_operands.hpp"
#include "tests/vector_unit.hpp"

namespace {

using fixtures::Bf16;
using fixtures::choose_vector_unit;
using fixtures::DataType;
using fixtures::expect_close;
using fixtures::expect_exact;
using fixtures::expect_same_in_any_layout;
using fixtures::expect_same_packed;
using fixtures::F32;
using fixtures::F64;
using fixtures::Gemm;
using fixtures::I8;
using fixtures::integers;
using fixtures::Operands;
using fixtures::reals;
using fixtures::reduced;

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

/// What the kernel says of this CPU (proc(5)).
std::set<std::string> cpu_flags() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("flags")) {
      std::istringstream words(line.substr(line.find(':') + 1));
      return {std::istream_iterator<std::string>(words), {}};
    }
  return {};
}

TEST(Dot, IsTakenWhereTheCpuHasItAndNothingRulesItOut) {
  const std::set<std::string> flags = cpu_flags();
  if (!flags.contains("avx512bw")) GTEST_SKIP() << "no AVX-512 here";
  EXPECT_EQ(kernels::has_dot(DataType::bf16), flags.contains("avx512_bf16"));
  EXPECT_EQ(kernels::has_dot(DataType::i8), flags.contains("avx512_vnni"));
  EXPECT_FALSE(kernels::has_dot(DataType::f32));
  choose_vector_unit(HWY_AVX2);
  EXPECT_FALSE(kernels::has_dot(DataType::bf16));
  EXPECT_FALSE(kernels::has_dot(DataType::i8));
  choose_vector_unit(0);
  kernels::allow_dot(false);
  EXPECT_FALSE(kernels::has_dot(DataType::i8));
  kernels::allow_dot(true);
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
    } else if (kernels::chose_avx2()) {
      expect_exact(reduced(integers<T>(m, n, k)), 1);
      expect_same_packed(reduced(integers<T>(m, n, k)), 1);
    }
  }

  /// Elements of a row of A that are multiplied at a time: one, or 32 bits of bytes or of the 16
  /// bits that they become.
  template <class T>
  static std::set<std::size_t> groups() {
    constexpr std::size_t most = sizeof(typename T::C) / sizeof(typename T::A);
    return {1, (most + 1) / 2, most};
  }

  template <class T>
  static void expect_right_around_a_panel() {
    for (const std::size_t group : groups<T>())
      for (const std::int64_t step : {-1, 0, 1}) {
        const std::int64_t k = kernels::block_k() * static_cast<std::int64_t>(group);
        expect_exact_and_close<T>(7, 33, k + step);
        expect_exact_and_close<T>(5, 18, 2 * k + step);
        expect_exact_and_close<T>(13, 48, 2 * k + step);  // whole vectors
      }
  }

  /// As many rows and so deep that tiles pack the next panel: of the same slab, of the next depth,
  /// of the next columns; in one block of rows and in several.
  template <class T>
  static void expect_right_where_tiles_pack_ahead() {
    for (const std::size_t group : groups<T>()) {
      const auto g = static_cast<std::int64_t>(group);
      for (const std::int64_t m : {std::int64_t{31}, kernels::block_m(4) + 1}) {
        expect_exact_and_close<T>(m, 192, 130 * g);
        expect_exact_and_close<T>(m, 64, (kernels::block_k() + 2) * g);
        expect_exact_and_close<T>(m, 133, (kernels::block_k() + 2) * g);
      }
      expect_exact_and_close<T>(31, kernels::block_n(4) + 64, 130 * g);
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

TEST_P(BlockedOn, FewRowsAreRightBesideWholeLinesOfB) {
  constexpr std::int64_t vector = 4;  // elements, the shortest
  constexpr std::int64_t line = 64;   // elements, the longest
  for (std::int64_t n = line - vector; n <= 2 * line + vector; n += vector)
    for (const std::int64_t m : {1, 2, 3, 6, 8}) expect_right_in_every_type(m, n, 36);
}

/// 2 x 127 x 128 fits 16 bits, 2 x 129 x 128 does not, wherever the larger bytes are.
TEST_P(BlockedOn, PairsOfTheLargestBytesDoNotSaturate) {
  if (!is_new(DataType::i8)) return;
  for (const int b : {-128, 127})
    for (const std::size_t at : {0U, 520U, 1038U})
      for (const int a : {127, 129, 255}) {
        Operands<I8> operands = integers<I8>(13, 33, 80);
        std::fill(operands.a.begin(), operands.a.end(), std::uint8_t{127});
        std::fill(operands.b.begin(), operands.b.end(), static_cast<std::int8_t>(b));
        operands.a[at] = operands.a[at + 1] = static_cast<std::uint8_t>(a);
        expect_exact(operands, 1);
        expect_exact(operands, 2);
        expect_same_in_any_layout(operands, 1);
      }
}

TEST_P(BlockedOn, BlockBoundariesAreRight) {
  for (const std::int64_t group_bytes : {4, 8}) {
    const std::int64_t m = kernels::block_m(group_bytes);
    const std::int64_t n = kernels::block_n(group_bytes);
    for (const std::int64_t step : {-1, 0, 1}) {
      expect_right_in_every_type(m + step, 17, 9);
      expect_right_in_every_type(7, n + step, 9);
    }
    expect_right_in_every_type(2 * m + 1, 5, 9);
    expect_right_in_every_type(3, 2 * n + 1, 9);
    expect_right_in_every_type(3, n + 64, 16);
  }
  expect_right_around_a_panel<F32>();
  expect_right_around_a_panel<F64>();
  expect_right_around_a_panel<Bf16>();
  expect_right_around_a_panel<I8>();
}

TEST_P(BlockedOn, PanelsBesideEachOtherAreRight) {
  for (const std::int64_t m : {std::int64_t{7}, kernels::block_m(4) + 1})
    for (const std::int64_t panels : {3, 4}) {
      expect_right_in_every_type(m, 64 * panels, 16);
      expect_right_in_every_type(m, 64 * panels + 5, 16);
    }
}

TEST_P(BlockedOn, PanelsPackedAheadAreRight) {
  expect_right_where_tiles_pack_ahead<F32>();
  expect_right_where_tiles_pack_ahead<F64>();
  expect_right_where_tiles_pack_ahead<Bf16>();
  expect_right_where_tiles_pack_ahead<I8>();
}

/// More columns than have their sums beside C at a time, 2048 to 8192.
TEST_P(BlockedOn, FewRowsOfManyColumnsAreRight) {
  for (const std::int64_t m : {3, 8}) expect_right_in_every_type(m, 8192 + 64, 16);
}

/// A B of 13 MB, which is read in its own order for more rows than a small one.
TEST_P(BlockedOn, FewRowsOfALargeBAreRight) {
  if (is_new(DataType::f32)) expect_exact(integers<F32>(20, 2064, 1600), 1);
  if (is_new(DataType::f64)) expect_same_packed(reals<F64>(17, 2064, 1600), 1);
  if (is_new(DataType::bf16)) expect_same_packed(reals<Bf16>(18, 2064, 3200), 1);
}

TEST_P(BlockedOn, AnyLayoutGivesTheSameBits) {
  // Below, at and above a vector, a tile of rows and what is turned at a time; two blocks of k.
  for (const Gemm& s : {Gemm{1, 1, 1},
                        Gemm{1, 64, 33},
                        Gemm{5, 16, 1},
                        Gemm{6, 64, 16},
                        Gemm{7, 67, 17},
                        Gemm{17, 130, 31},
                        Gemm{20, 40, 2 * kernels::block_k() + 3}}) {
    expect_same_in_any_layout(reals<F32>(s.m, s.n, s.k), 1);
    expect_same_in_any_layout(reals<F64>(s.m, s.n, s.k), 2);
    if (is_new(DataType::bf16)) expect_same_in_any_layout(reals<Bf16>(s.m, s.n, s.k), 1);
    if (is_new(DataType::i8)) expect_same_in_any_layout(integers<I8>(s.m, s.n, s.k), 2);
    if (is_new(DataType::i8)) expect_same_in_any_layout(reduced(integers<I8>(s.m, s.n, s.k)), 2);
  }
}

INSTANTIATE_TEST_SUITE_P(AllUnits, BlockedOn, testing::ValuesIn(units()), unit_name);

}  // namespace
