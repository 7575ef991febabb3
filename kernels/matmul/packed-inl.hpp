// A matmul of weights that were packed whole, before. Compiled once per vector target,
// KERNELS_TARGET; included by block.cpp and dot.cpp only.
#if defined(KERNELS_MATMUL_PACKED_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_PACKED_INL_HPP
#undef KERNELS_MATMUL_PACKED_INL_HPP
#else
#define KERNELS_MATMUL_PACKED_INL_HPP
#endif

#include <algorithm>
#include <cstdint>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/loops-inl.hpp"
#include "kernels/matmul/pack-inl.hpp"
#include "kernels/matmul/range.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

/// Where a whole B lies when it is packed: the blocks of its depth one after the other, of each all
/// panels of tile_cols columns.
template <class Unit>
class PackedPanels {
 public:
  using Element = typename Unit::PackedB;

  PackedPanels(std::int64_t depth, std::int64_t cols)
      : depth_(depth),
        cols_(cols),
        blocks_(ceil_div(depth, depth_of_block<Unit>())),
        block_(ceil_div(ceil_div(depth, blocks_), Unit::group) * Unit::group) {}

  [[nodiscard]] std::int64_t blocks() const { return blocks_; }

  [[nodiscard]] Range depth(std::int64_t block) const { return part(depth_, blocks_, block); }

  [[nodiscard]] Range cols(std::int64_t panel) const {
    return {panel * panel_cols<Unit>, std::min((panel + 1) * panel_cols<Unit>, cols_)};
  }

  /// Of the first element of a panel.
  [[nodiscard]] std::int64_t at(std::int64_t block, std::int64_t panel) const {
    const std::int64_t padded = ceil_div(depth(block).size(), Unit::group) * Unit::group;
    return block * block_ * width() + panel * panel_cols<Unit> * padded;
  }

  [[nodiscard]] std::int64_t bytes() const {
    return blocks_ * block_ * width() * static_cast<std::int64_t>(sizeof(Element));
  }

 private:
  [[nodiscard]] std::int64_t width() const {
    return ceil_div(cols_, Unit::lanes()) * Unit::lanes();
  }

  std::int64_t depth_;
  std::int64_t cols_;
  std::int64_t blocks_;
  std::int64_t block_;  // depth of one, padded
};

template <class Unit>
std::int64_t packed_bytes(std::int64_t depth, std::int64_t cols) {
  return PackedPanels<Unit>(depth, cols).bytes();
}

template <class Unit>
void pack_whole_b(const BlockOf<Unit>& block, void* to) {
  const PackedPanels<Unit> panels(block.depth, block.cols);
  const std::int64_t count = ceil_div(block.cols, panel_cols<Unit>);
  for (std::int64_t k = 0; k < panels.blocks(); ++k)
    for (std::int64_t p = 0; p < count; ++p)
      pack_b<Unit>(block,
                   panels.cols(p),
                   panels.depth(k),
                   static_cast<typename Unit::PackedB*>(to) + panels.at(k, p));
}

template <class Unit>
void multiply_packed(const BlockOf<Unit>& block,
                     const void* packed,
                     Range cols,
                     const Scratch& scratch) {
  auto* const a = static_cast<typename Unit::PackedA*>(scratch.a());
  const auto* const b = static_cast<const typename Unit::PackedB*>(packed);
  const PackedPanels<Unit> panels(block.depth, block.cols);
  const std::int64_t row_blocks = ceil_div(block.rows, block_m(group_bytes<Unit>));
  for (std::int64_t k = 0; k < panels.blocks(); ++k)
    for (std::int64_t i = 0; i < row_blocks; ++i) {
      const Range rows = part_of_tiles(block.rows, tile_rows, row_blocks, i);
      Tile<Unit> tile{.groups = ceil_div(panels.depth(k).size(), Unit::group),
                      .a = rows_of_a<Unit>(block, rows, panels.depth(k), a),
                      .c_stride = block.c_stride,
                      .add = k > 0};
      for (std::int64_t p = cols.begin / panel_cols<Unit>; p * panel_cols<Unit> < cols.end; ++p) {
        const Range of_panel = panels.cols(p);
        tile.b = b + panels.at(k, p);
        tile.b_stride = ceil_div(of_panel.size(), Unit::lanes()) * Unit::lanes() * Unit::group;
        NextPanel<Unit> next;
        if ((p + 2) * panel_cols<Unit> <= cols.end)
          next.fetches = {b + panels.at(k, p + 1), tile.groups};
        multiply_panel<Unit>(tile, rows, of_panel, block.c, next);
      }
    }
}

template <class Unit>
BlockKernels<typename Unit::A, typename Unit::B, typename Unit::C> kernels_of(const char* target) {
  return {target,
          panel_cols<Unit>,
          multiply_any<Unit>,
          packed_bytes<Unit>,
          pack_whole_b<Unit>,
          multiply_packed<Unit>};
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
