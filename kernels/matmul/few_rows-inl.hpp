// A matmul of few rows: B is read in its own order, since packing would take longer than
// multiplying. Compiled once per vector target, KERNELS_TARGET; included by loops-inl.hpp only.
#if defined(KERNELS_MATMUL_FEW_ROWS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_FEW_ROWS_INL_HPP
#undef KERNELS_MATMUL_FEW_ROWS_INL_HPP
#else
#define KERNELS_MATMUL_FEW_ROWS_INL_HPP
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <hwy/base.h>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/pack-inl.hpp"
#include "kernels/matmul/range.hpp"
#include "kernels/matmul/walk-inl.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

/// Rows of C up to which B is not packed. Time of packed panels over that of B in its own order, at
/// 4096 x 4096 for 1, 4, 8 and 16 rows:
///   f32 2.1 1.8 1.5 1.2   f64 1.9 1.9 1.4 1.1   bf16 2.1 2.0 1.3 1.0-1.3
///   u8 x s8 2.5 1.4 1.2-1.8 0.8-1.0, 12 rows 1.3-1.8
/// In 16 registers, at 1024 x 1024, 8, 12, 16 and 24 rows (Zen 3):
///   f32 1.18 0.96 0.92 0.79  f64 1.8 1.16 1.3 1.12  bf16 1.10 0.99 0.90 0.83
///   u8 x s8 1.37 1.07 0.82 0.71
template <class Unit>
constexpr std::int64_t most_few_rows = has_few_registers<Unit>
                                           ? (sizeof(typename Unit::B) == 8 ? 24 : 12)
                                           : (Unit::group == 4 ? 12 : 16);

/// The same where B does not stay in a cache. Time of packed panels over that of B in its own
/// order, 18 and 24 rows:
///   4096 x 4096  f32 1.12 1.05  f64 1.13 1.05
///                dot products: bf16 1.16-1.20 0.92-0.97  u8 x s8 0.82-0.96 0.65-0.75
///                16 registers (Zen 3): f32 1.4 1.3  f64 1.4 1.24  bf16 1.5 1.23  u8 x s8 1.08 0.85
///   2048 x 2048  f32 1.08 1.10  f64 1.17 1.10  16 registers, 24 rows: f32 1.28  f64 1.24
///   1024 x 1024  f32 0.90 0.87  f64 0.95 0.93  bf16 0.93 0.92
///   1536 x 1536  f32 0.97 0.96
/// 36 rows in 16 registers, 4096 x 4096: f32 0.90, f64 0.94, bf16 0.89.
template <class Unit>
constexpr std::int64_t most_few_rows_of_large =
    std::is_same_v<typename Unit::B, typename Unit::C> ? 24
    : Unit::group == 2                                 ? 18
    : has_few_registers<Unit>                          ? 24
                                                       : most_few_rows<Unit>;
constexpr std::int64_t large_b = 12 << 20;

/// Where sums go, and whether they are added to what is there.
template <class C>
struct Sums {
  C* first = nullptr;
  std::int64_t stride = 0;
  bool add = false;
};

// NOLINTBEGIN(modernize-avoid-c-arrays): registers
template <class Unit, int rows, int vectors>
HWY_INLINE void load_sums(const Sums<typename Unit::C>& from,
                          typename Unit::Vector (&sum)[rows][vectors]) {
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) {
      sum[r][v] = Unit::zero();
      if (from.add)
        sum[r][v] = Unit::add_c(sum[r][v], from.first + r * from.stride + v * Unit::lanes());
    }
  }
}

template <class Unit, int rows, int vectors>
HWY_INLINE void store_sums(typename Unit::Vector (&sum)[rows][vectors],
                           const Sums<typename Unit::C>& to) {
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v)
      Unit::store_c(sum[r][v], to.first + r * to.stride + v * Unit::lanes());
  }
}

/// A group of rows of B as it comes.
template <class Unit, Walk how>
class PlainRows {
 public:
  PlainRows(const typename Unit::B* from, std::int64_t stride) : from_(from), stride_(stride) {}

  HWY_INLINE void load(typename Unit::Panel (&panels)[1]) const {
    panels[0] = Unit::load_rows(from_, stride_);
  }

  template <int vectors>
  HWY_INLINE void load(typename Unit::Panel (&panels)[vectors]) const {
    if constexpr (how.order == Order::split)
      Unit::load_split(from_, panels);
    else
      Unit::load_panel(from_, stride_, panels);
  }

 private:
  const typename Unit::B* from_;
  std::int64_t stride_;
};

/// Some vectors of columns of a few rows of C, over some groups of k.
template <class Unit, Walk how, int rows, int vectors>
HWY_INLINE void multiply_columns(const typename Unit::PackedA* a,
                                 const typename Unit::B* b,
                                 std::int64_t b_stride,
                                 std::int64_t groups,
                                 NextLines<Unit, how>& next,
                                 const Sums<typename Unit::C>& to) {
  typename Unit::Vector sum[rows][vectors];
  load_sums<Unit, rows, vectors>(to, sum);
  for (std::int64_t g = 0; g < groups; ++g, a += Unit::group, b += Unit::group * b_stride) {
    next.template fetch<vectors>(b);
    multiply_add<Unit, rows, vectors>(a, packed_row<Unit>, PlainRows<Unit, how>(b, b_stride), sum);
  }
  store_sums<Unit, rows, vectors>(sum, to);
}

// NOLINTEND(modernize-avoid-c-arrays)

template <class Unit, Walk how, int rows>
void multiply_rows(const BlockOf<Unit>& block,
                   Range cols,
                   Range depth,
                   const typename Unit::PackedA* a,
                   NextLines<Unit, how>& next_lines,
                   Sums<typename Unit::C> to) {
  NextLines<Unit, how> next = next_lines;  // a copy that the stores to the sums cannot alias
  const std::int64_t groups = depth.size() / Unit::group;
  const typename Unit::B* b = block.b + depth.begin * block.b_stride + cols.begin;
  const auto advance = [&](std::int64_t columns) {
    b += columns;
    to.first += columns;
    cols.begin += columns;
  };
  for (; cols.size() >= how.vectors * Unit::lanes(); advance(how.vectors * Unit::lanes()))
    multiply_columns<Unit, how, rows, how.vectors>(a, b, block.b_stride, groups, next, to);
  for (; cols.size() > 0; advance(Unit::lanes()))
    multiply_columns<Unit, how, rows, 1>(a, b, block.b_stride, groups, next, to);
  next_lines = next;
}

template <class Unit, Walk how, std::size_t... index>
constexpr auto all_columns(std::index_sequence<index...> /*indices*/) {
  return std::array{&multiply_rows<Unit, how, static_cast<int>(index) + 1>...};
}

/// The sums over one block of the depth, some groups at a time: those rows of B are still in the L2
/// cache when the next rows of C come.
template <class Unit, Walk how>
void sum_few_rows(const BlockOf<Unit>& block,
                  Range cols,
                  Range depth,
                  const typename Unit::PackedA* a,
                  Sums<typename Unit::C> to) {
  static constexpr auto columns = all_columns<Unit, how>(std::make_index_sequence<how.rows_of_c>());
  const std::int64_t turns = ceil_div(block.rows, how.rows_of_c);
  for (std::int64_t k = depth.begin; k < depth.end; k += how.rows) {
    const Range some{k, std::min(k + how.rows, depth.end)};
    const std::int64_t then = some.end < block.depth ? some.end : k;
    const typename Unit::B* next_b = block.b + then * block.b_stride + cols.begin;
    NextLines<Unit, how> next(next_b, block.b_stride, cols.size(), turns);
    for (std::int64_t t = 0; t < turns; ++t) {
      const Range rows = part(block.rows, turns, t);
      next.begin_turn(t);
      columns[static_cast<std::size_t>(rows.size() - 1)](
          block,
          cols,
          some,
          a + rows.begin * packed_row<Unit> + k - depth.begin,
          next,
          {to.first + rows.begin * to.stride, to.stride, k > depth.begin});
    }
  }
}

/// The column of a sum, of so many columns.
template <class Unit, Walk how>
HWY_INLINE std::int64_t column_of(std::int64_t at, std::int64_t cols) {
  if constexpr (how.order == Order::split) {
    constexpr std::int64_t lanes = Unit::lanes();
    if (at < cols - cols % (how.vectors * lanes))  // the others were taken vector by vector
      return at - at % (2 * lanes) + at % lanes * 2 + at / lanes % 2;
  }
  return at;
}

/// Over those in C, or added to them.
template <class Unit, Walk how>
void move_sums(const BlockOf<Unit>& block, Range cols, Sums<typename Unit::C> sums) {
  for (std::int64_t r = 0; r < block.rows; ++r)
    for (std::int64_t i = 0; i < cols.size(); ++i) {
      const std::int64_t column = cols.begin + column_of<Unit, how>(i, cols.size());
      typename Unit::C& c = block.c[r * block.c_stride + column];
      const typename Unit::C sum = sums.first[r * sums.stride + i];
      c = sums.add ? Unit::sum(sum, c) : sum;
    }
}

/// Where the sums that belong to a row of B lie. Rows of B a power of two apart fill one set of L1,
/// and rows of sums another: half a page away in the middle of the row, since sums advance faster
/// where they are wider. Time of sums at a fixed place and of half the depth of a block over this,
/// at 4096 x 4096, 1, 4 and 16 rows:
///   f32 1.02-1.06 1.5-2.2 1.3   f64 1.01-1.03 1.3-1.6 1.25   bf16 1.01 1.24-1.39 1.01-1.18
/// Rows of sums begin eight lines apart within a page, around that place: one line apart, the next
/// sums of a row lie as far into a page as those of the row below which were just stored, and on
/// some pairs of pages this CPU takes the one for the other, for 26 cycles. It hit one process in
/// four: 4 rows of bf16 took 1.4 or 1.8 times as long, f32 and f64 0.9 to 1.15.
template <class Unit>
Sums<typename Unit::C> sums_beside(const typename Unit::B* b,
                                   std::int64_t cols,
                                   const Scratch& scratch) {
  using C = typename Unit::C;
  constexpr std::uintptr_t page = 4096;
  constexpr std::uintptr_t line = 64;
  constexpr std::uintptr_t apart = 8 * line;
  const std::uintptr_t drift = static_cast<std::uintptr_t>(cols) * (sizeof(C) - sizeof(*b)) / 2;
  const std::uintptr_t before = drift + apart * (tile_rows - 1) / 2;
  const std::uintptr_t first =
      (reinterpret_cast<std::uintptr_t>(b) + page / 2 - before) % page / line * line;
  return {reinterpret_cast<C*>(static_cast<std::byte*>(scratch.b()) + first),
          cols + std::int64_t{apart / sizeof(C)},
          false};
}

template <class Unit, Walk how>
void walk_through(const BlockOf<Unit>& block, const Scratch& scratch) {
  auto* const a = static_cast<typename Unit::PackedA*>(scratch.a());
  const std::int64_t depth_blocks = ceil_div(block.depth, depth_of_block<Unit>());
  for (std::int64_t j = 0; j < block.cols; j += how.cols) {
    const Range cols{j, std::min(j + how.cols, block.cols)};
    Sums<typename Unit::C> beside = sums_beside<Unit>(block.b + j, how.cols, scratch);
    for (std::int64_t k = 0; k < depth_blocks; ++k) {
      const Range depth = part(block.depth, depth_blocks, k);
      pack_a<Unit>(block, {0, block.rows}, depth, a);
      sum_few_rows<Unit, how>(block, cols, depth, a, beside);
      beside.add = k > 0;
      move_sums<Unit, how>(block, cols, beside);
    }
  }
}

template <class Unit>
void multiply_by_lines(const BlockOf<Unit>& block, const Scratch& scratch) {
  const std::int64_t rows = block.rows;
  if constexpr (sizeof(typename Unit::B) == 2) {
    if (rows <= split_walk<Unit>.rows_of_c)
      return walk_through<Unit, split_walk<Unit>>(block, scratch);
  } else {
    if (rows == 1) return walk_through<Unit, line_walk<Unit>>(block, scratch);
  }
  if (rows <= 4 || rows == 7 || rows == 8)
    return walk_through<Unit, wide_walk<Unit>>(block, scratch);
  walk_through<Unit, high_walk<Unit>>(block, scratch);
}

template <class Unit>
void multiply_by_strips(const BlockOf<Unit>& block, const Scratch& scratch) {
  if constexpr (Unit::group == 2)
    if (block.rows > tile_rows && block.rows <= narrow_walk<Unit>.rows_of_c)
      return walk_through<Unit, narrow_walk<Unit>>(block, scratch);
  if constexpr (Unit::group > 1)
    if (block.rows >= deep_from<Unit>) return walk_through<Unit, deep_walk<Unit>>(block, scratch);
  walk_through<Unit, shallow_walk<Unit>>(block, scratch);
}

/// Few rows use each element of B so seldom that packing takes longer than multiplying: B is read
/// in its own order. Sums come about as in packed panels, bit for bit.
template <class Unit>
void multiply_few_rows(const BlockOf<Unit>& block, const Scratch& scratch) {
  if constexpr (has_few_registers<Unit> && sizeof(typename Unit::B) < sizeof(typename Unit::C))
    multiply_by_lines<Unit>(block, scratch);
  else
    multiply_by_strips<Unit>(block, scratch);
}

/// Few rows for the size of B, and whole vectors and groups?
template <class Unit>
bool suits_few_rows(const BlockOf<Unit>& block) {
  const std::int64_t depth_blocks = ceil_div(block.depth, depth_of_block<Unit>());
  const std::int64_t bytes = block.depth * block.cols * std::int64_t{sizeof(typename Unit::B)};
  const std::int64_t most = bytes < large_b ? most_few_rows<Unit> : most_few_rows_of_large<Unit>;
  return block.rows <= most && block.b_step == 1 && block.cols % Unit::lanes() == 0 &&
         block.depth % (depth_blocks * Unit::group) == 0;
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
