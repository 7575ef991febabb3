// Copies of A and B in the order in which the micro-kernel reads them. Compiled once per vector
// target, KERNELS_TARGET; included by the loops only.
#if defined(KERNELS_MATMUL_PACK_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_PACK_INL_HPP
#undef KERNELS_MATMUL_PACK_INL_HPP
#else
#define KERNELS_MATMUL_PACK_INL_HPP
#endif

#include <algorithm>
#include <cstdint>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/microkernel-inl.hpp"
#include "kernels/matmul/range.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

template <class Unit>
using BlockOf = Block<typename Unit::A, typename Unit::B, typename Unit::C>;

/// Elements of k in a panel.
template <class Unit>
std::int64_t depth_of_block() {
  return block_k() * Unit::group;
}

/// Rows and columns that are turned at a time: as many cache lines are read and written by turns.
constexpr std::int64_t turned = 16;

/// The rows of an A that comes as k x m.
template <class Unit>
void turn_a(const BlockOf<Unit>& block, Range rows, Range depth, typename Unit::PackedA* to) {
  for (std::int64_t i = rows.begin; i < rows.end; i += turned)
    for (std::int64_t k = depth.begin; k < depth.end; ++k) {
      const typename Unit::A* const from = block.a + k * block.a_step;
      const std::int64_t end = std::min(i + turned, rows.end);
      for (std::int64_t r = i; r < end; ++r)
        to[(r - rows.begin) * packed_row<Unit> + k - depth.begin] =
            Unit::widen_a(from[r * block.a_stride]);
    }
}

/// Rows stay contiguous, with zeros up to a whole group: the kernel broadcasts single groups of A,
/// so nothing needs transposing that does not come so.
template <class Unit>
void pack_a(const BlockOf<Unit>& block, Range rows, Range depth, typename Unit::PackedA* to) {
  const std::int64_t padded = ceil_div(depth.size(), Unit::group) * Unit::group;
  if (block.a_step != 1) turn_a<Unit>(block, rows, depth, to);
  for (std::int64_t i = rows.begin; i < rows.end; ++i, to += packed_row<Unit>) {
    const typename Unit::A* const from = block.a + i * block.a_stride + depth.begin;
    if (block.a_step == 1)
      for (std::int64_t k = 0; k < depth.size(); ++k) to[k] = Unit::widen_a(from[k]);
    for (std::int64_t k = depth.size(); k < padded; ++k) to[k] = typename Unit::PackedA{};
  }
}

/// Some columns of a group of rows beside each other, with zeros up to a whole vector and group.
template <class Unit>
void pack_rest(const typename Unit::B* from,
               std::int64_t stride,
               std::int64_t rows,
               std::int64_t cols,
               typename Unit::PackedB* to) {
  for (std::int64_t j = 0; j < Unit::lanes(); ++j)
    for (std::int64_t k = 0; k < Unit::group; ++k, ++to)
      *to = k < rows && j < cols ? Unit::widen_b(from[k * stride + j]) : typename Unit::PackedB{};
}

/// Some rows of one vector of columns of a B that comes as n x k.
template <class Unit>
void turn_rows(const BlockOf<Unit>& block,
               Range cols,
               Range depth,
               typename Unit::PackedB* to,
               std::int64_t next_group) {
  for (std::int64_t j = cols.begin; j < cols.end; ++j, to += Unit::group) {
    const typename Unit::B* const from = block.b + j * block.b_step;
    for (std::int64_t k = depth.begin; k < depth.end; ++k) {
      const std::int64_t at = k - depth.begin;
      to[at / Unit::group * next_group + at % Unit::group] =
          Unit::widen_b(from[k * block.b_stride]);
    }
  }
}

/// As pack_b, of a B that comes as n x k.
template <class Unit>
void turn_b(const BlockOf<Unit>& block, Range cols, Range depth, typename Unit::PackedB* to) {
  const std::int64_t vectors = ceil_div(cols.size(), Unit::lanes());
  const std::int64_t next_group = vectors * Unit::lanes() * Unit::group;
  const bool whole = cols.size() % Unit::lanes() == 0 && depth.size() % Unit::group == 0;
  if (!whole)
    std::fill_n(to, ceil_div(depth.size(), Unit::group) * next_group, typename Unit::PackedB{});
  for (std::int64_t v = 0; v < vectors; ++v, to += Unit::lanes() * Unit::group) {
    const std::int64_t j = cols.begin + v * Unit::lanes();
    const Range some_cols{j, std::min(j + Unit::lanes(), cols.end)};
    for (std::int64_t k = depth.begin; k < depth.end; k += turned)
      turn_rows<Unit>(block,
                      some_cols,
                      {k, std::min(k + turned, depth.end)},
                      to + (k - depth.begin) / Unit::group * next_group,
                      next_group);
  }
}

/// Tried without gain: prefetching eight rows ahead; all panels of a row before the next row.
template <class Unit>
void pack_b(const BlockOf<Unit>& block, Range cols, Range depth, typename Unit::PackedB* to) {
  if (block.b_step != 1) return turn_b<Unit>(block, cols, depth, to);
  for (std::int64_t k = depth.begin; k < depth.end; k += Unit::group) {
    const std::int64_t rows = std::min<std::int64_t>(Unit::group, depth.end - k);
    for (std::int64_t j = cols.begin; j < cols.end;
         j += Unit::lanes(), to += Unit::lanes() * Unit::group) {
      const typename Unit::B* const from = block.b + k * block.b_stride + j;
      if (rows == Unit::group && j + Unit::lanes() <= cols.end)
        Unit::store_b(Unit::load_rows(from, block.b_stride), to);
      else
        pack_rest<Unit>(from, block.b_stride, rows, cols.end - j, to);
    }
  }
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
