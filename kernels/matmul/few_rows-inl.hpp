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
#include <utility>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/pack-inl.hpp"
#include "kernels/matmul/range.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

/// Rows of C up to which B is not packed, and rows of B that are read side by side then: more of
/// them, a power of two apart, evict each other from L1 before their lines are used. Ours over the
/// best library that does not prepack, 1 and 16 rows, for 4, 8 and 16 rows of B (64 rows are faster
/// packed but for bf16):
///   f32 0.73 1.04   0.87 0.98   0.62 0.57      (packed: 0.40 0.77)
///   bf16            2.93 1.14   1.72 0.69      (0.49 0.55)
constexpr std::int64_t most_few_rows = 16;
constexpr std::int64_t few_rows_of_b = 8;

/// Where sums go, and whether they are added to what is there.
template <class C>
struct Sums {
  C* first = nullptr;
  std::int64_t stride = 0;
  bool add = false;
};

/// One vector of columns of a few rows of C, over some groups of k.
template <class Unit, int rows>
HWY_INLINE void multiply_column(const typename Unit::PackedA* a,
                                const typename Unit::B* b,
                                std::int64_t b_stride,
                                std::int64_t groups,
                                typename Unit::C* c,
                                std::int64_t c_stride,
                                bool add) {
  typename Unit::Vector sum[rows];  // NOLINT(modernize-avoid-c-arrays): registers
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    sum[r] = Unit::zero();
    if (add) sum[r] = Unit::add_c(sum[r], c + r * c_stride);
  }
  for (std::int64_t g = 0; g < groups; ++g, a += Unit::group, b += Unit::group * b_stride) {
    // The rows that come after these, into L2: in L1 they would evict each other.
    for (std::int64_t i = 0; i < Unit::group; ++i)
      __builtin_prefetch(b + (few_rows_of_b + i) * b_stride, 0, 2);
    const typename Unit::Panel row_of_b = Unit::load_rows(b, b_stride);
    HWY_UNROLL(8)
    for (int r = 0; r < rows; ++r)
      sum[r] = Unit::multiply_add(Unit::broadcast(a + r * packed_row<Unit>), row_of_b, sum[r]);
  }
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) Unit::store_c(sum[r], c + r * c_stride);
}

template <class Unit, int rows>
void multiply_columns(const BlockOf<Unit>& block,
                      Range cols,
                      Range depth,
                      const typename Unit::PackedA* a,
                      Sums<typename Unit::C> to) {
  const typename Unit::B* const b = block.b + depth.begin * block.b_stride;
  for (std::int64_t j = cols.begin; j < cols.end; j += Unit::lanes())
    multiply_column<Unit, rows>(a,
                                b + j,
                                block.b_stride,
                                depth.size() / Unit::group,
                                to.first + j - cols.begin,
                                to.stride,
                                to.add);
}

template <class Unit, std::size_t... index>
constexpr auto all_columns(std::index_sequence<index...> /*indices*/) {
  return std::array{&multiply_columns<Unit, static_cast<int>(index) + 1>...};
}

/// The sums over one block of the depth, some groups at a time: those rows of B are still in the L2
/// cache when the next rows of C come.
template <class Unit>
void sum_few_rows(const BlockOf<Unit>& block,
                  Range cols,
                  Range depth,
                  const typename Unit::PackedA* a,
                  Sums<typename Unit::C> to) {
  static constexpr auto columns = all_columns<Unit>(std::make_index_sequence<tile_rows>());
  const std::int64_t panels = ceil_div(block.rows, tile_rows);
  for (std::int64_t k = depth.begin; k < depth.end; k += few_rows_of_b) {
    const Range some{k, std::min(k + few_rows_of_b, depth.end)};
    for (std::int64_t p = 0; p < panels; ++p) {
      const Range rows = part(block.rows, panels, p);
      columns[static_cast<std::size_t>(rows.size() - 1)](
          block,
          cols,
          some,
          a + rows.begin * packed_row<Unit> + k - depth.begin,
          {to.first + rows.begin * to.stride, to.stride, k > depth.begin});
    }
  }
}

/// Over those in C, or added to them.
template <class Unit>
void move_sums(const BlockOf<Unit>& block, Range cols, Sums<typename Unit::C> sums) {
  for (std::int64_t r = 0; r < block.rows; ++r)
    for (std::int64_t i = 0; i < cols.size(); ++i) {
      typename Unit::C& c = block.c[r * block.c_stride + cols.begin + i];
      const typename Unit::C sum = sums.first[r * sums.stride + i];
      c = sums.add ? Unit::sum(sum, c) : sum;
    }
}

/// Few rows use each element of B so seldom that packing takes longer than multiplying: B is read
/// in its own order. Sums come about as in packed panels, bit for bit.
template <class Unit>
void multiply_few_rows(const BlockOf<Unit>& block, const Scratch& scratch) {
  using C = typename Unit::C;
  auto* const a = static_cast<typename Unit::PackedA*>(scratch.a());
  // Rows of C a power of two apart would share the set of L1 that rows of B fill.
  constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(C));
  const Sums<C> beside{static_cast<C*>(scratch.b()), block_n + line, false};
  const std::int64_t depth_blocks = ceil_div(block.depth, depth_of_block<Unit>());
  for (std::int64_t j = 0; j < block.cols; j += block_n) {
    const Range cols{j, std::min(j + block_n, block.cols)};
    for (std::int64_t k = 0; k < depth_blocks; ++k) {
      const Range depth = part(block.depth, depth_blocks, k);
      pack_a<Unit>(block, {0, block.rows}, depth, a);
      sum_few_rows<Unit>(block, cols, depth, a, beside);
      move_sums<Unit>(block, cols, {beside.first, beside.stride, k > 0});
    }
  }
}

/// Do whole vectors and groups cover the block?
template <class Unit>
bool suits_few_rows(const BlockOf<Unit>& block) {
  const std::int64_t depth_blocks = ceil_div(block.depth, depth_of_block<Unit>());
  return block.rows <= most_few_rows && block.b_step == 1 && block.cols % Unit::lanes() == 0 &&
         block.depth % (depth_blocks * Unit::group) == 0;
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
