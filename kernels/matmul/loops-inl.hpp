// The loops of Goto's matmul around the micro-kernel, and the copies of A and B in the order in
// which it reads them. Compiled once per vector target, KERNELS_TARGET.
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
#include <utility>

#include "kernels/matmul/block.hpp"
#include "kernels/matmul/microkernel-inl.hpp"
#include "kernels/matmul/range.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::KERNELS_TARGET {

template <class Unit>
using BlockOf = Block<typename Unit::A, typename Unit::B, typename Unit::C>;

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

/// Rows stay contiguous, with zeros up to a whole group: the kernel broadcasts single groups of A,
/// so nothing needs transposing.
template <class Unit>
void pack_a(const BlockOf<Unit>& block, Range rows, Range depth, typename Unit::PackedA* to) {
  const std::int64_t padded = ceil_div(depth.size(), Unit::group) * Unit::group;
  for (std::int64_t i = rows.begin; i < rows.end; ++i, to += packed_row<Unit>) {
    const typename Unit::A* const from = block.a + i * block.a_stride + depth.begin;
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

/// Tried without gain: prefetching eight rows ahead; all panels of a row before the next row.
template <class Unit>
void pack_b(const BlockOf<Unit>& block, Range cols, Range depth, typename Unit::PackedB* to) {
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

/// All rows of the packed block of A against one panel of B.
template <class Unit>
void multiply_panel(Tile<Unit> tile, Range rows, Range cols, typename Unit::C* c) {
  const std::int64_t panels = ceil_div(rows.size(), tile_rows);
  const typename Unit::PackedA* const a = tile.a;
  for (std::int64_t p = 0; p < panels; ++p) {
    const Range r = part(rows.size(), panels, p);
    tile.a = a + r.begin * packed_row<Unit>;
    tile.c = c + (rows.begin + r.begin) * tile.c_stride + cols.begin;
    if (cols.size() % Unit::lanes() == 0)
      tile_kernel<Unit>(r.size(), cols.size() / Unit::lanes())(tile);
    else
      multiply_tail<Unit>(tile, r.size(), cols);
  }
}

/// The panel of B that a tile multiplies. It is packed right before its first use, so that this use
/// finds it in the cache.
template <class Unit>
Tile<Unit> tile_of_panel(const BlockOf<Unit>& block,
                         Range cols,
                         Range depth,
                         typename Unit::PackedB* packed,
                         bool pack) {
  Tile<Unit> tile{.groups = ceil_div(depth.size(), Unit::group),
                  .c_stride = block.c_stride,
                  .add = depth.begin > 0};
  if constexpr (std::is_same_v<typename Unit::B, typename Unit::PackedB> && Unit::group == 1) {
    // A single tile of rows uses each element once: read B in place, unless it must be padded.
    // With more rows the reuse of a panel fails, since rows of B a power of two apart share sets.
    if (block.rows <= tile_rows && cols.size() % Unit::lanes() == 0) {
      tile.b = block.b + depth.begin * block.b_stride + cols.begin;
      tile.b_stride = block.b_stride;
      return tile;
    }
  }
  if (pack) pack_b<Unit>(block, cols, depth, packed);
  tile.b = packed;
  tile.b_stride = ceil_div(cols.size(), Unit::lanes()) * Unit::lanes() * Unit::group;
  return tile;
}

/// C[all rows, cols] = or += A[all rows, depth] B[depth, cols].
template <class Unit>
void multiply_slab(const BlockOf<Unit>& block, Range cols, Range depth, const Scratch& scratch) {
  auto* const a = static_cast<typename Unit::PackedA*>(scratch.a());
  auto* const b = static_cast<typename Unit::PackedB*>(scratch.b());
  const std::int64_t padded = ceil_div(depth.size(), Unit::group) * Unit::group;
  const Panels<Unit> panels(cols);
  const std::int64_t row_blocks = ceil_div(block.rows, block_m);
  for (std::int64_t i = 0; i < row_blocks; ++i) {
    const Range rows = part_of_tiles(block.rows, tile_rows, row_blocks, i);
    pack_a<Unit>(block, rows, depth, a);
    for (std::int64_t p = 0; p < panels.count(); ++p) {
      auto* const packed = b + panels.vectors(p).begin * Unit::lanes() * padded;
      Tile<Unit> tile = tile_of_panel<Unit>(block, panels.cols(p), depth, packed, i == 0);
      tile.a = a;
      multiply_panel<Unit>(tile, rows, panels.cols(p), block.c);
    }
  }
}

/// Rows of C up to which B is not packed, and rows of B that are read side by side then: more of
/// them, a power of two apart, evict each other from L1 before their lines are used. Ours over the
/// best library that does not prepack, 1 and 16 rows, for 4, 8 and 16 rows of B (64 rows are faster
/// packed but for bf16):
///   f32 0.73 1.04   0.87 0.98   0.62 0.57      (packed: 0.40 0.77)
///   bf16            2.93 1.14   1.72 0.69      (0.49 0.55)
constexpr std::int64_t most_few_rows = 16;
constexpr std::int64_t few_rows_of_b = 8;

/// Elements of k in a panel.
template <class Unit>
constexpr std::int64_t depth_of_block() {
  return block_k_bytes / static_cast<std::int64_t>(std::max(sizeof(typename Unit::PackedA),
                                                            sizeof(typename Unit::PackedB)));
}

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

template <class Unit>
void add_sums(const BlockOf<Unit>& block, Range cols, Sums<typename Unit::C> sums) {
  for (std::int64_t r = 0; r < block.rows; ++r)
    for (std::int64_t i = 0; i < cols.size(); ++i) {
      typename Unit::C& c = block.c[r * block.c_stride + cols.begin + i];
      c = Unit::sum(sums.first[r * sums.stride + i], c);
    }
}

/// Few rows use each element of B so seldom that packing takes longer than multiplying: B is read
/// in its own order. Sums come about as in packed panels, bit for bit.
template <class Unit>
void multiply_few_rows(const BlockOf<Unit>& block, const Scratch& scratch) {
  using C = typename Unit::C;
  auto* const a = static_cast<typename Unit::PackedA*>(scratch.a());
  const Sums<C> beside{static_cast<C*>(scratch.b()), block_n, false};
  const std::int64_t depth_blocks = ceil_div(block.depth, depth_of_block<Unit>());
  for (std::int64_t j = 0; j < block.cols; j += block_n) {
    const Range cols{j, std::min(j + block_n, block.cols)};
    for (std::int64_t k = 0; k < depth_blocks; ++k) {
      const Range depth = part(block.depth, depth_blocks, k);
      pack_a<Unit>(block, {0, block.rows}, depth, a);
      const Sums<C> direct{block.c + j, block.c_stride, false};
      sum_few_rows<Unit>(block, cols, depth, a, k == 0 ? direct : beside);
      if (k > 0) add_sums<Unit>(block, cols, beside);
    }
  }
}

/// Do whole vectors and groups cover the block?
template <class Unit>
bool suits_few_rows(const BlockOf<Unit>& block) {
  const std::int64_t depth_blocks = ceil_div(block.depth, depth_of_block<Unit>());
  return block.rows <= most_few_rows && block.cols % Unit::lanes() == 0 &&
         block.depth % (depth_blocks * Unit::group) == 0;
}

template <class Unit>
void multiply_any(const BlockOf<Unit>& block, const Scratch& scratch) {
  if (suits_few_rows<Unit>(block)) return multiply_few_rows<Unit>(block, scratch);
  const std::int64_t col_blocks = ceil_div(block.cols, block_n);
  const std::int64_t depth_blocks = ceil_div(block.depth, depth_of_block<Unit>());
  for (std::int64_t j = 0; j < col_blocks; ++j) {
    const Range cols = part_of_tiles(block.cols, Unit::max_vectors * Unit::lanes(), col_blocks, j);
    for (std::int64_t k = 0; k < depth_blocks; ++k)
      multiply_slab<Unit>(block, cols, part(block.depth, depth_blocks, k), scratch);
  }
}

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

  static std::int64_t panel_cols() { return Unit::max_vectors * Unit::lanes(); }

  [[nodiscard]] std::int64_t blocks() const { return blocks_; }

  [[nodiscard]] Range depth(std::int64_t block) const { return part(depth_, blocks_, block); }

  [[nodiscard]] Range cols(std::int64_t panel) const {
    return {panel * panel_cols(), std::min((panel + 1) * panel_cols(), cols_)};
  }

  /// Of the first element of a panel.
  [[nodiscard]] std::int64_t at(std::int64_t block, std::int64_t panel) const {
    const std::int64_t padded = ceil_div(depth(block).size(), Unit::group) * Unit::group;
    return block * block_ * width() + panel * panel_cols() * padded;
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
  const std::int64_t count = ceil_div(block.cols, panels.panel_cols());
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
  const std::int64_t row_blocks = ceil_div(block.rows, block_m);
  for (std::int64_t k = 0; k < panels.blocks(); ++k)
    for (std::int64_t i = 0; i < row_blocks; ++i) {
      const Range rows = part_of_tiles(block.rows, tile_rows, row_blocks, i);
      pack_a<Unit>(block, rows, panels.depth(k), a);
      Tile<Unit> tile{.groups = ceil_div(panels.depth(k).size(), Unit::group),
                      .a = a,
                      .c_stride = block.c_stride,
                      .add = k > 0};
      for (std::int64_t p = cols.begin / panels.panel_cols(); p * panels.panel_cols() < cols.end;
           ++p) {
        const Range of_panel = panels.cols(p);
        tile.b = b + panels.at(k, p);
        tile.b_stride = ceil_div(of_panel.size(), Unit::lanes()) * Unit::lanes() * Unit::group;
        multiply_panel<Unit>(tile, rows, of_panel, block.c);
      }
    }
}

template <class Unit>
BlockKernels<typename Unit::A, typename Unit::B, typename Unit::C> kernels_of(const char* target) {
  return {target,
          Unit::max_vectors * Unit::lanes(),
          multiply_any<Unit>,
          packed_bytes<Unit>,
          pack_whole_b<Unit>,
          multiply_packed<Unit>};
}

}  // namespace kernels::KERNELS_TARGET

KERNELS_AFTER_TARGET();

#endif
