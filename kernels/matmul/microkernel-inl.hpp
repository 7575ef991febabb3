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
#include <utility>

#include <hwy/base.h>
#include <hwy/cache_control.h>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/range.hpp"
#include "kernels/matmul/rows_of_b-inl.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

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
  Packed<Unit> fetches{};  ///< on the way: a part of the next panel, where that has been packed
};

/// C is fetched one line per step of k: all 24 lines at once fill the miss buffers and stall the
/// loads of A and B behind them (77-82 % of peak instead of 88-93 % where this was first measured).
/// So many steps before the end (1.002 to 1.007 times as fast as at the beginning): L1 has not
/// forgotten them.
constexpr std::int64_t c_ahead = 48;

/// Those that it multiplies.
template <class Unit, Packs packs>
HWY_INLINE auto rows_of_b(const Tile<Unit>& tile) {
  if constexpr (packs == Packs::own)
    return UnpackedRows<Unit, packs>(tile.packs);
  else
    return PackedRows<Unit>(tile.b, tile.b_stride);
}

// NOLINTBEGIN(modernize-avoid-c-arrays): plain arrays of vectors become registers even where the
// members of std::array are not inlined, as in debug builds of some compilers.
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
  auto b = rows_of_b<Unit, packs>(tile);
  // Left to itself gcc calls it where a file holds many kernels, with the sums in memory: 10 % at
  // 64 rows.
  const auto steps = [&](std::int64_t count) __attribute__((always_inline)) {
    const typename Unit::PackedA* const end = a + count * Unit::group;
    for (; a != end; a += Unit::group, b.next())
      multiply_add<Unit, rows, vectors>(a, tile.a.stride, b, sum);
  };
  constexpr std::int64_t lines = std::int64_t{rows} * vectors;
  const std::int64_t before = free_steps(tile.groups, lines);
  const auto steps_beside = [&](auto next_rows, std::int64_t groups)
      __attribute__((always_inline)) {
    const std::int64_t between = before / groups;
    for (std::int64_t i = 0; i < groups; ++i) {
      steps(between);
      next_rows.take();
    }
    steps(before - between * groups);
  };
  if constexpr (packs == Packs::ahead)
    steps_beside(UnpackedRows<Unit, packs>(tile.packs, before / tile.packs.groups),
                 tile.packs.groups);
  else if constexpr (packs == Packs::fetched)
    steps_beside(FetchedRows<Unit>(tile.fetches), tile.fetches.groups);
  else
    steps(before);
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
