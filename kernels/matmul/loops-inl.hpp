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
#include "kernels/matmul/range.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

/// Columns of C as panels of whole vectors, of nearly equal width.
template <class Unit>
class Panels {
 public:
  explicit Panels(Range cols)
      : cols_(cols),
        vectors_(ceil_div(cols.size(), Unit::lanes())),
        count_(ceil_div(vectors_, Unit::max_vectors)) {}

  [[nodiscard]] std::int64_t count() const { return count_; }

  [[nodiscard]] Range vectors(std::int64_t panel) const { return part(vectors_, count_, panel); }

  [[nodiscard]] Range cols(std::int64_t panel) const {
    const Range v = vectors(panel);
    return {cols_.begin + v.begin * Unit::lanes(),
            std::min(cols_.begin + v.end * Unit::lanes(), cols_.end)};
  }

 private:
  Range cols_;
  std::int64_t vectors_;
  std::int64_t count_;
};

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

/// All rows of the block of A against one panel of B.
template <class Unit>
void multiply_panel(Tile<Unit> tile, Range rows, Range cols, typename Unit::C* c) {
  const std::int64_t panels = ceil_div(rows.size(), tile_rows);
  const RowsOfA<Unit> a = tile.a;
  for (std::int64_t p = 0; p < panels; ++p) {
    const Range r = part(rows.size(), panels, p);
    tile.a = a.from(r.begin);
    tile.c = c + (rows.begin + r.begin) * tile.c_stride + cols.begin;
    if (p == 0 && tile.unpacked.from != nullptr)
      (tile.unpacked.together ? packing_kernel<Unit, panels_together<Unit>>(r.size())
                              : packing_kernel<Unit, 1>(r.size()))(tile);
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

/// What happens to a panel of B before its first tile.
enum class Packing { done, alone, together };

/// Whole vectors and groups of a B that comes row by row: the first tile packs them on the way.
template <class Unit>
bool packs_on_the_way(const BlockOf<Unit>& block, Range cols, Range depth) {
  return cols.size() == Unit::max_vectors * Unit::lanes() && depth.size() % Unit::group == 0 &&
         block.b_step == 1;
}

/// The first of panels_together packs the others, too, if all are whole.
template <class Unit>
Packing packing_of(const BlockOf<Unit>& block,
                   const Panels<Unit>& panels,
                   std::int64_t p,
                   Range depth) {
  constexpr std::int64_t together = panels_together<Unit>;
  const std::int64_t first = p - p % together;
  const std::int64_t end = first + together;
  if (together == 1 || end > panels.count()) return Packing::alone;
  for (std::int64_t i = first; i < end; ++i)
    if (!packs_on_the_way<Unit>(block, panels.cols(i), depth)) return Packing::alone;
  return p == first ? Packing::together : Packing::done;
}

/// The panel of B that a tile multiplies. It is packed at its first use or right before, so that
/// the next finds it in the cache.
template <class Unit>
Tile<Unit> tile_of_panel(const BlockOf<Unit>& block,
                         Range cols,
                         Range depth,
                         typename Unit::PackedB* packed,
                         Packing packing) {
  Tile<Unit> tile{.groups = ceil_div(depth.size(), Unit::group),
                  .b = packed,
                  .b_stride = ceil_div(cols.size(), Unit::lanes()) * Unit::lanes() * Unit::group,
                  .c_stride = block.c_stride,
                  .add = depth.begin > 0};
  const typename Unit::B* const from = block.b + depth.begin * block.b_stride + cols.begin;
  if constexpr (std::is_same_v<typename Unit::B, typename Unit::PackedB> && Unit::group == 1)
    // A single tile of rows uses each element once: read B in place, unless it must be padded.
    // Packed on the way it takes 1.27 times as long (5 x 1000 x 1000).
    // With more rows the reuse of a panel fails, since rows of B a power of two apart share sets.
    if (block.rows <= tile_rows && cols.size() % Unit::lanes() == 0 && block.b_step == 1) {
      tile.b = from;
      tile.b_stride = block.b_stride;
      return tile;
    }
  if (packing == Packing::done) return tile;
  if (packs_on_the_way<Unit>(block, cols, depth))
    tile.unpacked = {from, block.b_stride, packed, packing == Packing::together};
  else
    pack_b<Unit>(block, cols, depth, packed);
  return tile;
}

/// C[all rows, cols] = or += A[all rows, depth] B[depth, cols].
template <class Unit>
void multiply_slab(const BlockOf<Unit>& block, Range cols, Range depth, const Scratch& scratch) {
  auto* const packed_a = static_cast<typename Unit::PackedA*>(scratch.a());
  auto* const b = static_cast<typename Unit::PackedB*>(scratch.b());
  const std::int64_t padded = ceil_div(depth.size(), Unit::group) * Unit::group;
  const Panels<Unit> panels(cols);
  const std::int64_t row_blocks = ceil_div(block.rows, block_m(group_bytes<Unit>));
  for (std::int64_t i = 0; i < row_blocks; ++i) {
    const Range rows = part_of_tiles(block.rows, tile_rows, row_blocks, i);
    const RowsOfA<Unit> a = rows_of_a<Unit>(block, rows, depth, packed_a);
    for (std::int64_t p = 0; p < panels.count(); ++p) {
      // Where no other rows of A come after these, panels take the place of those before: 1.5 to 3
      // % less time at 64 rows.
      const std::int64_t first = row_blocks == 1 ? p - p % panels_together<Unit> : 0;
      const std::int64_t at =
          (panels.vectors(p).begin - panels.vectors(first).begin) * Unit::lanes() * padded;
      Tile<Unit> tile =
          tile_of_panel<Unit>(block,
                              panels.cols(p),
                              depth,
                              b + at,
                              i == 0 ? packing_of(block, panels, p, depth) : Packing::done);
      tile.a = a;
      multiply_panel<Unit>(tile, rows, panels.cols(p), block.c);
    }
  }
}

template <class Unit>
void multiply_any(const BlockOf<Unit>& block, const Scratch& scratch) {
  if (suits_few_rows<Unit>(block)) return multiply_few_rows<Unit>(block, scratch);
  const std::int64_t col_blocks = ceil_div(block.cols, block_n(group_bytes<Unit>));
  const std::int64_t depth_blocks = ceil_div(block.depth, depth_of_block<Unit>());
  for (std::int64_t j = 0; j < col_blocks; ++j) {
    const Range cols = part_of_tiles(block.cols, Unit::max_vectors * Unit::lanes(), col_blocks, j);
    for (std::int64_t k = 0; k < depth_blocks; ++k)
      multiply_slab<Unit>(block, cols, part(block.depth, depth_blocks, k), scratch);
  }
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
