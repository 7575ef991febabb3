// The loops of Goto's matmul around the micro-kernel, compiled once per vector target.
#include "kernels/matmul/block.hpp"

// Vectors of unknown length (SVE, RVV) cannot be array members, which the register tile needs; such
// CPUs use their fixed-length unit.
#define HWY_DISABLED_TARGETS (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/block.cpp"
#include <hwy/foreach_target.h>
// The others need the target chosen by the line above.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include <hwy/highway.h>

#include "kernels/matmul/microkernel-inl.hpp"
#include "kernels/matmul/pack-inl.hpp"
#include "kernels/matmul/range.hpp"

HWY_BEFORE_NAMESPACE();

namespace kernels::HWY_NAMESPACE {

std::int64_t target_tile_cols() {
  return max_vectors * lanes();
}

/// Columns of C as panels of whole vectors, of nearly equal width.
class Panels {
 public:
  explicit Panels(Range cols)
      : cols_(cols),
        vectors_(ceil_div(cols.size(), lanes())),
        count_(ceil_div(vectors_, max_vectors)) {}

  [[nodiscard]] std::int64_t count() const { return count_; }

  [[nodiscard]] Range vectors(std::int64_t panel) const { return part(vectors_, count_, panel); }

  [[nodiscard]] Range cols(std::int64_t panel) const {
    const Range v = vectors(panel);
    return {cols_.begin + v.begin * lanes(), std::min(cols_.begin + v.end * lanes(), cols_.end)};
  }

 private:
  Range cols_;
  std::int64_t vectors_;
  std::int64_t count_;
};

/// A last vector that sticks out of C is computed beside it; only its part inside is copied.
void multiply_tail(Tile tile, std::int64_t rows, Range cols) {
  constexpr auto size = static_cast<std::size_t>(tile_rows * max_vectors) * HWY_MAX_BYTES;
  alignas(64) std::array<float, size / sizeof(float)> beside;
  const std::int64_t vectors = ceil_div(cols.size(), lanes());
  float* const c = tile.c;
  const std::int64_t stride = tile.c_stride;
  const bool add = tile.add;
  tile.c = beside.data();
  tile.c_stride = vectors * lanes();
  tile.add = false;
  tile_kernel(rows, vectors)(tile);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < cols.size(); ++j) {
      const float before = add ? c[i * stride + j] : 0.0F;
      c[i * stride + j] = before + tile.c[i * tile.c_stride + j];
    }
}

/// All rows of the packed block of A against one panel of B.
void multiply_panel(Tile tile, Range rows, Range cols, float* c) {
  const std::int64_t panels = ceil_div(rows.size(), tile_rows);
  const float* const a = tile.a;
  for (std::int64_t p = 0; p < panels; ++p) {
    const Range r = part(rows.size(), panels, p);
    tile.a = a + r.begin * packed_row;
    tile.c = c + (rows.begin + r.begin) * tile.c_stride + cols.begin;
    if (cols.size() % lanes() == 0)
      tile_kernel(r.size(), cols.size() / lanes())(tile);
    else
      multiply_tail(tile, r.size(), cols);
  }
}

/// The panel of B that a tile multiplies. It is packed right before its first use, so that this use
/// finds it in the cache.
template <class T>
Tile tile_of_panel(const Block<T>& block, Range cols, Range depth, float* packed, bool pack) {
  Tile tile{.depth = depth.size(), .c_stride = block.c_stride, .add = depth.begin > 0};
  if constexpr (std::is_same_v<T, float>) {
    // A single tile of rows uses each element once: read B in place, unless it must be padded.
    // With more rows the reuse of a panel fails, since rows of B a power of two apart share sets.
    if (block.rows <= tile_rows && cols.size() % lanes() == 0) {
      tile.b = block.b + depth.begin * block.b_stride + cols.begin;
      tile.b_stride = block.b_stride;
      return tile;
    }
  }
  if (pack) pack_b(block, cols, depth, packed);
  tile.b = packed;
  tile.b_stride = ceil_div(cols.size(), lanes()) * lanes();
  return tile;
}

/// C[all rows, cols] = or += A[all rows, depth] B[depth, cols].
template <class T>
void multiply_slab(const Block<T>& block, Range cols, Range depth, const Scratch& scratch) {
  const Panels panels(cols);
  const std::int64_t row_blocks = ceil_div(block.rows, block_m);
  for (std::int64_t i = 0; i < row_blocks; ++i) {
    const Range rows = part_of_tiles(block.rows, tile_rows, row_blocks, i);
    pack_a(block, rows, depth, scratch.a());
    for (std::int64_t p = 0; p < panels.count(); ++p) {
      float* const packed = scratch.b() + panels.vectors(p).begin * lanes() * depth.size();
      Tile tile = tile_of_panel(block, panels.cols(p), depth, packed, i == 0);
      tile.a = scratch.a();
      multiply_panel(tile, rows, panels.cols(p), block.c);
    }
  }
}

template <class T>
void multiply_any(const Block<T>& block, const Scratch& scratch) {
  const std::int64_t col_blocks = ceil_div(block.cols, block_n);
  const std::int64_t depth_blocks = ceil_div(block.depth, block_k);
  for (std::int64_t j = 0; j < col_blocks; ++j) {
    const Range cols = part_of_tiles(block.cols, target_tile_cols(), col_blocks, j);
    for (std::int64_t k = 0; k < depth_blocks; ++k)
      multiply_slab(block, cols, part(block.depth, depth_blocks, k), scratch);
  }
}

void multiply_f32(const Block<float>& block, const Scratch& scratch) {
  multiply_any(block, scratch);
}

void multiply_bf16(const Block<BFloat16>& block, const Scratch& scratch) {
  multiply_any(block, scratch);
}

const char* target_name() {
  return hwy::TargetName(HWY_TARGET);
}

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace kernels {

HWY_EXPORT(multiply_f32);
HWY_EXPORT(multiply_bf16);
HWY_EXPORT(target_tile_cols);
HWY_EXPORT(target_name);

void multiply_block(const Block<float>& block, const Scratch& scratch) {
  HWY_DYNAMIC_DISPATCH(multiply_f32)(block, scratch);
}

void multiply_block(const Block<BFloat16>& block, const Scratch& scratch) {
  HWY_DYNAMIC_DISPATCH(multiply_bf16)(block, scratch);
}

std::int64_t tile_cols() {
  return HWY_DYNAMIC_DISPATCH(target_tile_cols)();
}

const char* block_target() {
  return HWY_DYNAMIC_DISPATCH(target_name)();
}

}  // namespace kernels
#endif
