// The inner loop of matmul: a tile of C of up to 6 rows by 4 (or 2) vectors stays in registers
// while k runs. Compiled once per vector target, KERNELS_TARGET; included by loops-inl.hpp only.
//
// What a unit is, a row of a table in the shape of a type:
//   A, B, C, PackedA, PackedB   elements, as they come and in the panels
//   group                       elements of k that one instruction multiplies and sums
//   Vector, Factor, Panel       lanes() sums; a group of A in all lanes; a group of B per lane
//   max_vectors                 in a row of the tile
//   load_rows                   a group of rows of B as it comes, a vector of columns, as a Panel
//   zero, broadcast, load_b, store_b, multiply_add, add_c, store_c, widen_a, widen_b
#if defined(KERNELS_MATMUL_MICROKERNEL_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_MICROKERNEL_INL_HPP
#undef KERNELS_MATMUL_MICROKERNEL_INL_HPP
#else
#define KERNELS_MATMUL_MICROKERNEL_INL_HPP
#endif

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
constexpr std::int64_t packed_row = packed_row_bytes /
                                    static_cast<std::int64_t>(sizeof(typename Unit::PackedA));

/// A tile of C = or += a panel of A times a panel of B.
template <class Unit>
struct Tile {
  std::int64_t groups = 0;                    ///< of k
  const typename Unit::PackedA* a = nullptr;  ///< rows `packed_row` apart
  const typename Unit::PackedB* b = nullptr;  ///< whole vectors
  std::int64_t b_stride = 0;                  ///< elements from one group to the next
  typename Unit::C* c = nullptr;              ///< whole vectors
  std::int64_t c_stride = 0;
  bool add = false;
};

// NOLINTBEGIN(modernize-avoid-c-arrays): plain arrays of vectors become registers even where the
// members of std::array are not inlined, as in debug builds of some compilers.
template <class Unit, int rows, int vectors>
HWY_INLINE void multiply_add(const typename Unit::PackedA* a,
                             const typename Unit::PackedB* b,
                             typename Unit::Vector (&sum)[rows][vectors]) {
  typename Unit::Panel row_of_b[vectors];
  HWY_UNROLL(8)
  for (int v = 0; v < vectors; ++v) row_of_b[v] = Unit::load_b(b + v * Unit::lanes() * Unit::group);
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    const typename Unit::Factor factor = Unit::broadcast(a + r * packed_row<Unit>);
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

/// Elements of B to prefetch ahead in tiles of two vectors, which issue twice the instructions for
/// the same work: 0.82-0.88 of the peak of AVX2 in f32 against 0.77-0.87. Half the depth of a block
/// gave 0.77-0.86, four steps of k unrolled 0.77-0.81, 128 elements ahead 0.67-0.81, 256 and 1024
/// 0.71-0.87. Tiles of four vectors gain nothing.
constexpr std::int64_t ahead = 512;

template <class Unit, int rows, int vectors>
void multiply_tile(const Tile<Unit>& arguments) {
  const Tile<Unit> tile = arguments;  // a copy that the stores to C cannot alias
  typename Unit::Vector sum[rows][vectors];
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) sum[r][v] = Unit::zero();
  }
  const typename Unit::PackedA* a = tile.a;
  const typename Unit::PackedB* b = tile.b;
  // C is fetched one line per step of k: all 24 lines at once fill the miss buffers and stall the
  // loads of A and B behind them (77-82 % of peak instead of 88-93 % where this was first
  // measured).
  constexpr std::int64_t lines = std::int64_t{rows} * vectors;
  const std::int64_t prefetched = tile.groups < lines ? 0 : rows;
  for (std::int64_t r = 0; r < prefetched; ++r) {
    for (std::int64_t v = 0; v < vectors; ++v, a += Unit::group, b += tile.b_stride) {
      hwy::Prefetch(tile.c + r * tile.c_stride + v * Unit::lanes());
      multiply_add<Unit, rows, vectors>(a, b, sum);
    }
  }
  const typename Unit::PackedA* const end = tile.a + tile.groups * Unit::group;
  for (; a != end; a += Unit::group, b += tile.b_stride) {
    if constexpr (Unit::max_vectors == 2) hwy::Prefetch(b + ahead);
    multiply_add<Unit, rows, vectors>(a, b, sum);
  }
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

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
