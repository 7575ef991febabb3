// The inner loop of matmul: a tile of C of up to 6 rows by 4 (or 2) vectors stays in registers
// while k runs. Compiled once per vector target, KERNELS_TARGET; included by loops-inl.hpp only.
//
// What a unit is, a row of a table in the shape of a type:
//   A, B, C, PackedA, PackedB   elements, as they come and in the panels
//   group                       elements of k that one instruction multiplies and sums
//   Vector, Factor, Panel       lanes() sums; a group of A in all lanes; a group of B per lane
//   max_vectors                 in a row of the tile
//   load_rows                   a group of rows of B as it comes, a vector of columns, as a Panel
//   load_panel                  the same of max_vectors vectors of columns, or, where group is 2,
//                               of any even number of them
//   zero, broadcast, load_b, store_b, multiply_add, add_c, store_c, widen_a, widen_b
#if defined(KERNELS_MATMUL_MICROKERNEL_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_MICROKERNEL_INL_HPP
#undef KERNELS_MATMUL_MICROKERNEL_INL_HPP
#else
#define KERNELS_MATMUL_MICROKERNEL_INL_HPP
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include <hwy/base.h>
#include <hwy/cache_control.h>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/range.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

template <class Unit>
constexpr std::int64_t group_bytes = Unit::group* std::int64_t{sizeof(typename Unit::PackedA)};

template <class Unit>
constexpr std::int64_t panel_cols = Unit::max_vectors* Unit::lanes();

template <class Unit>
constexpr std::int64_t packed_row =
    packed_row_bytes(group_bytes<Unit>) / std::int64_t{sizeof(typename Unit::PackedA)};

/// Rows of A, packed or as they come.
template <class Unit>
struct RowsOfA {
  const typename Unit::PackedA* first = nullptr;
  std::int64_t stride = packed_row<Unit>;  ///< elements between rows

  [[nodiscard]] RowsOfA from(std::int64_t row) const { return {first + row * stride, stride}; }
};

/// Groups of rows of a whole panel of B as they come, and where they go when they are packed.
template <class Unit>
struct Unpacked {
  const typename Unit::B* from = nullptr;  ///< null: there are none
  std::int64_t stride = 0;                 ///< between rows
  typename Unit::PackedB* to = nullptr;
  std::int64_t groups = 0;

  [[nodiscard]] Unpacked groups_of(Range part) const {
    return {from + part.begin * Unit::group * stride,
            stride,
            to + part.begin * Unit::group * panel_cols<Unit>,
            part.size()};
  }
};

/// A tile of C = or += a panel of A times a panel of B.
template <class Unit>
struct Tile {
  std::int64_t groups = 0;  ///< of k
  RowsOfA<Unit> a{};
  const typename Unit::PackedB* b = nullptr;  ///< whole vectors
  std::int64_t b_stride = 0;                  ///< elements from one group to the next
  typename Unit::C* c = nullptr;              ///< whole vectors
  std::int64_t c_stride = 0;
  bool add = false;
  Unpacked<Unit> packs{};  ///< on the way: its own panel or a part of the next one
};

/// C is fetched one line per step of k: all 24 lines at once fill the miss buffers and stall the
/// loads of A and B behind them (77-82 % of peak instead of 88-93 % where this was first measured).
/// So many steps before the end (1.002 to 1.007 times as fast as at the beginning): L1 has not
/// forgotten them. Tried without gain: the next panel of B, packed or not, fetched into L2 in the
/// same way (0.96 to 1.00; 1.04 at 64 rows).
constexpr std::int64_t c_ahead = 48;

// NOLINTBEGIN(modernize-avoid-c-arrays): plain arrays of vectors become registers even where the
// members of std::array are not inlined, as in debug builds of some compilers.
/// Groups of rows of a packed panel, one after the other. Prefetched into L1 4 KiB ahead: 1.00,
/// 0.98 at 512 x 4096 x 4096 in bf16.
template <class Unit>
class PackedRows {
 public:
  explicit PackedRows(const Tile<Unit>& tile) : at_(tile.b), stride_(tile.b_stride) {}

  template <int vectors>
  HWY_INLINE void load(typename Unit::Panel (&panels)[vectors]) const {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v)
      panels[v] = Unit::load_b(at_ + v * Unit::lanes() * Unit::group);
  }

  HWY_INLINE void next() { at_ += stride_; }

 private:
  const typename Unit::PackedB* at_;
  std::int64_t stride_;
};

/// What a tile packs on the way: the multiply-adds hide what that takes.
enum class Packs { nothing, own, ahead };

/// How rows that are packed ahead come from memory.
struct Fetch {
  std::int64_t steps_ahead = 0;  ///< of k, before they are loaded
  int level = 0;                 ///< of __builtin_prefetch: 3 into L1, 2 into L2
  /// Steps of k for each group of rows, at least: with fewer, the lines that are under way are too
  /// many.
  std::int64_t least_steps = 0;
};

/// At 4096 x 4096, time of a panel's own first tile packing it over this, 18, 24, 30, 48 and 96
/// rows:
///   into L1   f32 0.77 0.97 1.22 1.13 1.09   f64 0.67 0.86 1.18 1.15 1.08
///             bf16 0.71 0.80 1.09 1.14 1.08  u8 x s8 0.77 0.91 1.10 1.16 1.09
///   into L2   f32 0.89 0.80 0.97 0.95 1.07   f64 0.90 0.76 0.89 1.12 1.06
///             bf16 0.99 1.15 1.20 1.15 1.08  u8 x s8 0.93 1.10 1.21 1.16 1.09
/// Rows of f32 and f64 are so far apart there that they evict each other from L2.
/// bf16 and bytes asked for again half as far ahead: 0.89 to 1.03, a quarter as far 0.55 to 1.04.
/// On AVX2, whose panels are single lines, against four panels packed together by the first tile of
/// one, 64 and 512 rows: f32 1.13 1.02, f64 0.89 0.99, bf16 1.00 0.97, u8 x s8 1.7 1.05; into L2
/// 0.7 to 1.1.
template <class Unit>
constexpr Fetch fetch = Unit::group == 1 ? Fetch{64, 3, 4} : Fetch{32, 2, 2};

/// Groups of rows of a panel as it comes, which is packed on the way. Lines of its own panel are
/// fetched into L2; a half and twice as many rows, none, or into L1 took up to 6 % longer at 64
/// rows.
template <class Unit, Packs packs>
class UnpackedRows {
 public:
  explicit UnpackedRows(const Tile<Unit>& tile)
      : rows_(tile.packs), rows_ahead_(Unit::group == 1 ? 16 : 32) {}

  UnpackedRows(const Unpacked<Unit>& rows, std::int64_t steps_between)
      : rows_(rows), rows_ahead_(fetch<Unit>.steps_ahead / (steps_between + 1) * Unit::group) {}

  /// And packs.
  HWY_INLINE void load(typename Unit::Panel (&panel)[Unit::max_vectors]) const {
    Unit::load_panel(rows_.from, rows_.stride, panel);
    HWY_UNROLL(8)
    for (int v = 0; v < Unit::max_vectors; ++v)
      Unit::store_b(panel[v], rows_.to + v * Unit::lanes() * Unit::group);
  }

  HWY_INLINE void next() {
    constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(typename Unit::B));
    HWY_UNROLL(4)
    for (int row = 0; row < Unit::group; ++row)
      for (std::int64_t col = 0; col < panel_cols<Unit>; col += line)
        __builtin_prefetch(rows_.from + (rows_ahead_ + row) * rows_.stride + col,
                           0,
                           packs == Packs::ahead ? fetch<Unit>.level : 2);
    rows_.from += Unit::group * rows_.stride;
    rows_.to += panel_cols<Unit> * Unit::group;
  }

 private:
  Unpacked<Unit> rows_;
  std::int64_t rows_ahead_;
};

template <class Unit, int rows, int vectors, class RowsOfB>
HWY_INLINE void multiply_add(const typename Unit::PackedA* a,
                             std::int64_t a_stride,
                             const RowsOfB& b,
                             typename Unit::Vector (&sum)[rows][vectors]) {
  typename Unit::Panel row_of_b[vectors];
  b.load(row_of_b);
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    const typename Unit::Factor factor = Unit::broadcast(a + r * a_stride);
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v)
      sum[r][v] = Unit::multiply_add(factor, row_of_b[v], sum[r][v]);
  }
}

template <class Unit, int rows, int vectors>
HWY_INLINE void store(const Tile<Unit>& tile, typename Unit::Vector (&sum)[rows][vectors]) {
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) {
      typename Unit::C* const c = tile.c + r * tile.c_stride + v * Unit::lanes();
      if (tile.add) sum[r][v] = Unit::add_c(sum[r][v], c);
      Unit::store_c(sum[r][v], c);
    }
  }
}

/// Steps of k before C is prefetched, in which a tile can pack.
constexpr std::int64_t free_steps(std::int64_t groups, std::int64_t lines) {
  return std::max<std::int64_t>(groups - lines - c_ahead, 0);
}

template <class Unit, int rows, int vectors, Packs packs = Packs::nothing>
void multiply_tile(const Tile<Unit>& arguments) {
  const Tile<Unit> tile = arguments;  // a copy that the stores to C cannot alias
  typename Unit::Vector sum[rows][vectors];
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) sum[r][v] = Unit::zero();
  }
  const typename Unit::PackedA* a = tile.a.first;
  std::conditional_t<packs == Packs::own, UnpackedRows<Unit, packs>, PackedRows<Unit>> b(tile);
  // Left to itself gcc calls it where a file holds many kernels, with the sums in memory: 10 % at
  // 64 rows.
  const auto steps = [&](std::int64_t count) __attribute__((always_inline)) {
    const typename Unit::PackedA* const end = a + count * Unit::group;
    for (; a != end; a += Unit::group, b.next())
      multiply_add<Unit, rows, vectors>(a, tile.a.stride, b, sum);
  };
  constexpr std::int64_t lines = std::int64_t{rows} * vectors;
  const std::int64_t before = free_steps(tile.groups, lines);
  if constexpr (packs == Packs::ahead) {
    const std::int64_t between = before / tile.packs.groups;
    UnpackedRows<Unit, packs> ahead(tile.packs, between);
    for (std::int64_t i = 0; i < tile.packs.groups; ++i) {
      steps(between);
      typename Unit::Panel packed[Unit::max_vectors];
      ahead.load(packed);
      ahead.next();
    }
    steps(before - between * tile.packs.groups);
  } else {
    steps(before);
  }
  const std::int64_t prefetched = tile.groups < lines ? 0 : rows;
  for (std::int64_t r = 0; r < prefetched; ++r)
    for (std::int64_t v = 0; v < vectors; ++v) {
      hwy::Prefetch(tile.c + r * tile.c_stride + v * Unit::lanes());
      steps(1);
    }
  steps(tile.groups - before - prefetched * vectors);
  store<Unit, rows, vectors>(tile, sum);
}

// NOLINTEND(modernize-avoid-c-arrays)

/// A kernel for every remainder: a padded tile would waste up to 5/6 of its work.
template <class Unit>
using TileKernel = void (*)(const Tile<Unit>&);

template <class Unit, std::size_t... index>
constexpr std::array<TileKernel<Unit>, sizeof...(index)> all_kernels(
    std::index_sequence<index...> /*indices*/) {
  return {&multiply_tile<Unit,
                         static_cast<int>(index / Unit::max_vectors) + 1,
                         static_cast<int>(index % Unit::max_vectors) + 1>...};
}

template <class Unit>
TileKernel<Unit> tile_kernel(std::int64_t rows, std::int64_t vectors) {
  constexpr auto count = static_cast<std::size_t>(tile_rows * Unit::max_vectors);
  static constexpr auto kernels = all_kernels<Unit>(std::make_index_sequence<count>());
  return kernels[static_cast<std::size_t>((rows - 1) * Unit::max_vectors + vectors - 1)];
}

template <class Unit, Packs packs, std::size_t... index>
constexpr std::array<TileKernel<Unit>, sizeof...(index)> all_packing_kernels(
    std::index_sequence<index...> /*indices*/) {
  return {&multiply_tile<Unit, static_cast<int>(index) + 1, Unit::max_vectors, packs>...};
}

/// Of a whole panel.
template <class Unit, Packs packs>
TileKernel<Unit> packing_kernel(std::int64_t rows) {
  static constexpr auto kernels =
      all_packing_kernels<Unit, packs>(std::make_index_sequence<tile_rows>());
  return kernels[static_cast<std::size_t>(rows - 1)];
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
