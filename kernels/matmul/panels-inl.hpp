// How B is cut into slabs and panels, and where the packed ones lie. Compiled once per vector
// target, KERNELS_TARGET; included by the loops only.
#if defined(KERNELS_MATMUL_PANELS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_PANELS_INL_HPP
#undef KERNELS_MATMUL_PANELS_INL_HPP
#else
#define KERNELS_MATMUL_PANELS_INL_HPP
#endif

#include <algorithm>
#include <cstdint>

#include "kernels/matmul/block.hpp"
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

/// C[:, columns of the panels] = or += A[:, depth] B[depth, columns].
template <class Unit>
struct Slab {
  Range depth;
  Panels<Unit> panels;
};

/// B in parts of up to kc x nc: all depths of some columns, then of the next ones.
template <class Unit>
class Slabs {
 public:
  explicit Slabs(const BlockOf<Unit>& block)
      : depth_(block.depth),
        cols_(block.cols),
        depth_blocks_(ceil_div(depth_, depth_of_block<Unit>())),
        col_blocks_(ceil_div(cols_, block_n(group_bytes<Unit>))) {}

  [[nodiscard]] std::int64_t count() const { return depth_blocks_ * col_blocks_; }

  [[nodiscard]] Slab<Unit> operator[](std::int64_t index) const {
    const std::int64_t j = index / depth_blocks_;
    return {part(depth_, depth_blocks_, index % depth_blocks_),
            Panels<Unit>(part_of_tiles(cols_, panel_cols<Unit>, col_blocks_, j))};
  }

  /// Of the deepest.
  [[nodiscard]] std::int64_t groups() const {
    return ceil_div(ceil_div(depth_, depth_blocks_), Unit::group);
  }

  /// Of the widest.
  [[nodiscard]] std::int64_t panels() const {
    return ceil_div(ceil_div(cols_, panel_cols<Unit>), col_blocks_);
  }

 private:
  std::int64_t depth_;
  std::int64_t cols_;
  std::int64_t depth_blocks_;
  std::int64_t col_blocks_;
};

/// Places for packed panels, which are taken in turns.
template <class Unit>
class Ring {
 public:
  Ring(typename Unit::PackedB* first, std::int64_t groups, std::int64_t places)
      : first_(first), size_(groups * Unit::group * panel_cols<Unit>), places_(places) {}

  [[nodiscard]] typename Unit::PackedB* at(std::int64_t panel) const {
    return first_ + panel % places_ * size_;
  }

 private:
  typename Unit::PackedB* first_;
  std::int64_t size_;  ///< elements of a place
  std::int64_t places_;
};

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
