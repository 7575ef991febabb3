// The loops of Goto's matmul around the micro-kernel. Compiled once per vector target,
// KERNELS_TARGET.
#if defined(KERNELS_MATMUL_LOOPS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_LOOPS_INL_HPP
#undef KERNELS_MATMUL_LOOPS_INL_HPP
#else
#define KERNELS_MATMUL_LOOPS_INL_HPP
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/few_rows-inl.hpp"
#include "kernels/matmul/microkernel-inl.hpp"
#include "kernels/matmul/pack-inl.hpp"
#include "kernels/matmul/panels-inl.hpp"
#include "kernels/matmul/range.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

/// A last vector that sticks out of C is computed beside it; only its part inside is copied.
template <class Unit>
void multiply_tail(Tile<Unit> tile, std::int64_t rows, Range cols) {
  using C = typename Unit::C;
  constexpr auto size = static_cast<std::size_t>(tile_rows * Unit::max_vectors) * 64;
  alignas(64) std::array<C, size / sizeof(C)> beside;
  const std::int64_t vectors = ceil_div(cols.size(), Unit::lanes());
  C* const c = tile.c;
  const std::int64_t stride = tile.c_stride;
  const bool add = tile.add;
  tile.c = beside.data();
  tile.c_stride = vectors * Unit::lanes();
  tile.add = false;
  tile_kernel<Unit>(rows, vectors)(tile);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols.size(); ++j) {
      const C sum = tile.c[i * tile.c_stride + j];
      C& to = c[i * stride + j];
      to = add ? Unit::sum(to, sum) : sum;
    }
}

/// What tiles do for the panel after their own: they pack it, or fetch it where it has been packed.
template <class Unit>
struct NextPanel {
  Unpacked<Unit> packs{};
  Packed<Unit> fetches{};
};

/// Whether it is worth fetching: time without over that with, at 1024 and 2048 cubed, with 512 and
/// 2048 rows: f32 1.03 to 1.07 (768 cubed 1.00), f64 1.00 to 1.04, bf16 1.04 to 1.06, u8 x s8 1.02
/// to 1.04 (Zen 3, 512 KiB of L2). With 32 registers and 1 MiB of L2 0.96 to 1.00, 1.04 at 64 rows.
template <class Unit>
constexpr bool fetches_packed = has_few_registers<Unit>;

/// All rows of the block of A against one panel of B. The first tile packs the panel, if it is not,
/// the others pack or fetch the next one, if there is any.
template <class Unit>
void multiply_panel(Tile<Unit> tile,
                    Range rows,
                    Range cols,
                    typename Unit::C* c,
                    const NextPanel<Unit>& next = {}) {
  const std::int64_t tiles = ceil_div(rows.size(), tile_rows);
  const std::int64_t own = tile.packs.from != nullptr ? 1 : 0;
  const RowsOfA<Unit> a = tile.a;
  for (std::int64_t t = 0; t < tiles; ++t) {
    const Range r = part(rows.size(), tiles, t);
    tile.a = a.from(r.begin);
    tile.c = c + (rows.begin + r.begin) * tile.c_stride + cols.begin;
    if (t < own) {
      packing_kernel<Unit, Packs::own>(r.size())(tile);
      continue;
    }
    tile.packs = next.packs.groups_of(part(next.packs.groups, tiles - own, t - own));
    tile.fetches = next.fetches.groups_of(part(next.fetches.groups, tiles - own, t - own));
    if (tile.packs.groups > 0)
      packing_kernel<Unit, Packs::ahead>(r.size())(tile);
    else if (fetches_packed<Unit> && tile.fetches.groups > 0 && cols.size() == panel_cols<Unit>)
      packing_kernel<Unit, fetches_packed<Unit> ? Packs::fetched : Packs::nothing>(r.size())(tile);
    else if (cols.size() % Unit::lanes() == 0)
      tile_kernel<Unit>(r.size(), cols.size() / Unit::lanes())(tile);
    else
      multiply_tail<Unit>(tile, r.size(), cols);
  }
}

/// Rows of A stay where they are: 1.00 to 1.02 times as fast as packed, 1.05 at 64 rows, whether
/// they are 1, 2, 4 or 16 KiB apart. Only those that need padding, widening or turning are packed.
template <class Unit>
RowsOfA<Unit> rows_of_a(const BlockOf<Unit>& block,
                        Range rows,
                        Range depth,
                        typename Unit::PackedA* packed) {
  if constexpr (std::is_same_v<typename Unit::A, typename Unit::PackedA>)
    if (block.a_step == 1 && depth.size() % Unit::group == 0)
      return {block.a + rows.begin * block.a_stride + depth.begin, block.a_stride};
  pack_a<Unit>(block, rows, depth, packed);
  return {packed};
}

/// One sweep over B: each panel is packed once, multiplied by all rows of A, and forgotten.
template <class Unit>
class PanelSweep {
 public:
  PanelSweep(const BlockOf<Unit>& block, const Scratch& scratch)
      : block_(block),
        row_blocks_(ceil_div(block.rows, block_m(group_bytes<Unit>))),
        slabs_(block),
        ring_(static_cast<typename Unit::PackedB*>(scratch.b()),
              slabs_.groups(),
              // One at work and one that is packed ahead. Where no other rows of A come after
              // these, panels take the place of those before: 1.5 to 3 % less time at 64 rows.
              row_blocks_ == 1 ? 2 : std::max<std::int64_t>(slabs_.panels(), 2)),
        packed_a_(static_cast<typename Unit::PackedA*>(scratch.a())) {}

  void multiply() {
    for (std::int64_t s = 0; s < slabs_.count(); ++s) {
      const Slab<Unit> slab = slabs_[s];
      for (std::int64_t i = 0; i < row_blocks_; ++i) multiply_rows(s, slab, i);
      before_ += slab.panels.count();
    }
  }

 private:
  /// A block of rows of A against a slab of B.
  void multiply_rows(std::int64_t s, const Slab<Unit>& slab, std::int64_t i) {
    const Range rows = part_of_tiles(block_.rows, tile_rows, row_blocks_, i);
    const RowsOfA<Unit> a = rows_of_a<Unit>(block_, rows, slab.depth, packed_a_);
    const std::int64_t panels = slab.panels.count();
    for (std::int64_t p = 0; p < panels; ++p) {
      Tile<Unit> tile = tile_of_panel(slab, p);
      tile.a = a;
      const std::int64_t tiles = ceil_div(rows.size(), tile_rows);
      const bool last_panel = p + 1 == panels;
      NextPanel<Unit> next;
      if (i == 0 && !last_panel)
        next.packs = ahead(slab, p, slab, p + 1, tiles);
      else if (i + 1 == row_blocks_ && last_panel && s + 1 < slabs_.count())
        next.packs = ahead(slab, p, slabs_[s + 1], 0, tiles);
      else if (i + 1 < row_blocks_ || !last_panel)
        next.fetches = {ring_.at(before_ + (last_panel ? 0 : p + 1)), tile.groups};
      multiply_panel<Unit>(tile, rows, slab.panels.cols(p), block_.c, next);
    }
  }

  /// The panel of B that a tile multiplies. If it was not packed with the one before, it is packed
  /// at its first use or right before, so that the next tile finds it in the cache.
  Tile<Unit> tile_of_panel(const Slab<Unit>& slab, std::int64_t p) {
    const Range cols = slab.panels.cols(p);
    Tile<Unit> tile{.groups = ceil_div(slab.depth.size(), Unit::group),
                    .b = ring_.at(before_ + p),
                    .b_stride = slab.panels.vectors(p).size() * Unit::lanes() * Unit::group,
                    .c_stride = block_.c_stride,
                    .add = slab.depth.begin > 0};
    if (before_ + p < packed_) return tile;
    if constexpr (std::is_same_v<typename Unit::B, typename Unit::PackedB> && Unit::group == 1)
      // A single tile of rows uses each element once: read B in place, unless it must be padded.
      // Packed on the way it takes 1.27 times as long (5 x 1000 x 1000).
      // With more rows the reuse of a panel fails, since rows of B a power of two apart share sets.
      if (block_.rows <= tile_rows && cols.size() % Unit::lanes() == 0 && block_.b_step == 1) {
        ++packed_;
        tile.b = block_.b + slab.depth.begin * block_.b_stride + cols.begin;
        tile.b_stride = block_.b_stride;
        return tile;
      }
    if (packs_on_the_way(slab, p))
      tile.packs = unpacked(slab, p);
    else
      pack_b<Unit>(block_, cols, slab.depth, ring_.at(packed_++));
    return tile;
  }

  /// The next panel, if so many tiles can pack it on the way.
  Unpacked<Unit> ahead(const Slab<Unit>& slab,
                       std::int64_t p,
                       const Slab<Unit>& of_next,
                       std::int64_t next,
                       std::int64_t tiles) {
    const std::int64_t steps =
        tiles * free_steps(slab.depth.size() / Unit::group, tile_rows * Unit::max_vectors);
    if (!packs_on_the_way(slab, p) || !packs_on_the_way(of_next, next) ||
        steps < of_next.depth.size() / Unit::group * fetch<Unit>.least_steps)
      return {};
    return unpacked(of_next, next);
  }

  /// Whole vectors and groups of a B that comes row by row.
  [[nodiscard]] bool packs_on_the_way(const Slab<Unit>& slab, std::int64_t p) const {
    return slab.panels.cols(p).size() == panel_cols<Unit> && slab.depth.size() % Unit::group == 0 &&
           block_.b_step == 1;
  }

  /// The first that has not been packed.
  Unpacked<Unit> unpacked(const Slab<Unit>& slab, std::int64_t p) {
    return {block_.b + slab.depth.begin * block_.b_stride + slab.panels.cols(p).begin,
            block_.b_stride,
            ring_.at(packed_++),
            slab.depth.size() / Unit::group};
  }

  BlockOf<Unit> block_;
  std::int64_t row_blocks_;
  Slabs<Unit> slabs_;
  Ring<Unit> ring_;
  typename Unit::PackedA* packed_a_;
  std::int64_t before_ = 0;  ///< panels of the slabs before
  std::int64_t packed_ = 0;  ///< panels so far
};

template <class Unit>
void multiply_any(const BlockOf<Unit>& block, const Scratch& scratch) {
  if constexpr (Unit::lanes() > 1)  // plain C++, for CPUs older than SSE4: not worth compiling
    if (suits_few_rows<Unit>(block)) return multiply_few_rows<Unit>(block, scratch);
  PanelSweep<Unit>(block, scratch).multiply();
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
