// The inner loop of matmul: a tile of C of up to 6 rows by 4 (or 2) vectors stays in registers
// while k runs. Compiled once per vector target, KERNELS_TARGET; included by loops-inl.hpp only.
//
// What a unit is, a row of a table in the shape of a type:
//   A, B, C, PackedA, PackedB   elements, as they come and in the panels
//   group                       elements of k that one instruction multiplies and sums
//   Vector, Factor, Panel       lanes() sums; a group of A in all lanes; a group of B per lane
//   max_vectors                 in a row of the tile
//   load_rows                   a group of rows of B as it comes, a vector of columns, as a Panel
//   load_panel                  the same of max_vectors vectors of columns
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

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

template <class Unit>
constexpr std::int64_t group_bytes = Unit::group* std::int64_t{sizeof(typename Unit::PackedA)};

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

/// A whole panel of B as it comes, maybe with those beside it, and where it goes when it is packed.
template <class Unit>
struct Unpacked {
  const typename Unit::B* from = nullptr;  ///< null: it is packed already
  std::int64_t stride = 0;                 ///< between rows
  typename Unit::PackedB* to = nullptr;
  bool together = false;  ///< those beside it, panels_together in all, go right behind it
};

/// A tile of C = or += a panel of A times a panel of B.
template <class Unit>
struct Tile {
  std::int64_t groups = 0;  ///< of k
  RowsOfA<Unit> a{};
  Unpacked<Unit> unpacked{};                  ///< packed by whoever multiplies it first
  const typename Unit::PackedB* b = nullptr;  ///< whole vectors
  std::int64_t b_stride = 0;                  ///< elements from one group to the next
  typename Unit::C* c = nullptr;              ///< whole vectors
  std::int64_t c_stride = 0;
  bool add = false;
};

/// C is fetched one line per step of k: all 24 lines at once fill the miss buffers and stall the
/// loads of A and B behind them (77-82 % of peak instead of 88-93 % where this was first measured).
/// So many steps before the end (1.002 to 1.007 times as fast as at the beginning): L1 has not
/// forgotten them. Tried without gain: the next panel of B, packed or not, fetched into L2 in the
/// same way (0.96 to 1.00; 1.04 at 64 rows).
constexpr std::int64_t c_ahead = 48;

/// Rows of B to prefetch into L2 ahead of those that are multiplied and packed: a half and twice as
/// many, none, or into L1 took up to 6 % longer at 64 rows.
template <class Unit>
constexpr std::int64_t rows_ahead = Unit::group == 1 ? 16 : 32;

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

/// Panels that are packed together where one takes a cache line of each row of B, or less: memory
/// is read slowly by single lines. Time of one over four, on pages of 4 KiB (huge pages in
/// brackets): u8 x s8 1.04 to 1.07 (0.99 to 1.00) at 512 x 4096 x 4096 and 512 x 2048 x 16384, 1.28
/// (1.02) at 64 rows, 0.99 where B fits the cache; AVX2 1.01 to 1.05 in every type. Two panels of
/// bf16, two lines each, took 1 to 14 % longer.
template <class Unit>
constexpr int panels_together =
    Unit::max_vectors* Unit::lanes() * std::int64_t{sizeof(typename Unit::B)} <= 64 ? 4 : 1;

/// The same of a panel as it comes, which is packed on the way: the multiply-adds hide what that
/// takes. Time of packing first over this: 1.01 to 1.03 at 512 and 1024 cubed, 1.02 to 1.07 at 512
/// x 4096 x 4096, 1.15 to 1.47 at 64 rows. The panels beside it are only packed.
template <class Unit, int panels>
class UnpackedRows {
 public:
  explicit UnpackedRows(const Tile<Unit>& tile)
      : b_(tile.unpacked), panel_(tile.groups * cols * Unit::group) {}

  HWY_INLINE void load(typename Unit::Panel (&panel)[Unit::max_vectors]) const { load(0, panel); }

  HWY_INLINE void next() {
    HWY_UNROLL(8)
    for (int p = 1; p < panels; ++p) {
      typename Unit::Panel beside[Unit::max_vectors];
      load(p, beside);
    }
    constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(typename Unit::B));
    HWY_UNROLL(4)
    for (int row = 0; row < Unit::group; ++row)
      for (std::int64_t col = 0; col < panels * cols; col += line)
        __builtin_prefetch(b_.from + (rows_ahead<Unit> + row) * b_.stride + col, 0, 2);
    b_.from += Unit::group * b_.stride;
    b_.to += cols * Unit::group;
  }

 private:
  static constexpr std::int64_t cols = Unit::max_vectors * Unit::lanes();

  /// And packs.
  HWY_INLINE void load(int p, typename Unit::Panel (&panel)[Unit::max_vectors]) const {
    Unit::load_panel(b_.from + p * cols, b_.stride, panel);
    HWY_UNROLL(8)
    for (int v = 0; v < Unit::max_vectors; ++v)
      Unit::store_b(panel[v], b_.to + p * panel_ + v * Unit::lanes() * Unit::group);
  }

  Unpacked<Unit> b_;
  std::int64_t panel_;  ///< elements of one
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

template <class Unit, int rows, int vectors, class RowsOfB = PackedRows<Unit>>
void multiply_tile(const Tile<Unit>& arguments) {
  const Tile<Unit> tile = arguments;  // a copy that the stores to C cannot alias
  typename Unit::Vector sum[rows][vectors];
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) sum[r][v] = Unit::zero();
  }
  const typename Unit::PackedA* a = tile.a.first;
  RowsOfB b(tile);
  // Left to itself gcc calls it where a file holds many kernels, with the sums in memory: 10 % at
  // 64 rows.
  const auto steps = [&](std::int64_t count) __attribute__((always_inline)) {
    const typename Unit::PackedA* const end = a + count * Unit::group;
    for (; a != end; a += Unit::group, b.next())
      multiply_add<Unit, rows, vectors>(a, tile.a.stride, b, sum);
  };
  constexpr std::int64_t lines = std::int64_t{rows} * vectors;
  const std::int64_t before = std::max<std::int64_t>(tile.groups - lines - c_ahead, 0);
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

template <class Unit, int panels, std::size_t... index>
constexpr std::array<TileKernel<Unit>, sizeof...(index)> all_packing_kernels(
    std::index_sequence<index...> /*indices*/) {
  return {&multiply_tile<Unit,
                         static_cast<int>(index) + 1,
                         Unit::max_vectors,
                         UnpackedRows<Unit, panels>>...};
}

/// Of a whole panel that it packs, with those beside it.
template <class Unit, int panels>
TileKernel<Unit> packing_kernel(std::int64_t rows) {
  static constexpr auto kernels =
      all_packing_kernels<Unit, panels>(std::make_index_sequence<tile_rows>());
  return kernels[static_cast<std::size_t>(rows - 1)];
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
