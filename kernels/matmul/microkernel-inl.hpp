// The inner loop of matmul: a tile of C of up to 6 rows by 4 (or 2) vectors stays in registers
// while k runs. Compiled once per vector target; included by block.cpp only.
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

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "kernels/matmul/block.hpp"

HWY_BEFORE_NAMESPACE();

namespace kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Lanes = hn::ScalableTag<float>;
using Vector = hn::Vec<Lanes>;

inline std::int64_t lanes() {
  return static_cast<std::int64_t>(hn::Lanes(Lanes()));
}

// 24 sums + 4 of B + 1 of A in 32 registers; 12 + 2 + 1 in 16. Few long rows beat many short ones
// (14 x 2 vectors): with a power-of-two row length of C, 14 rows fall in one set of L1.
constexpr bool few_registers =
    HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2;
constexpr std::int64_t max_vectors = few_registers ? 2 : 4;

/// A tile of C = or += a panel of A times a panel of B.
struct Tile {
  std::int64_t depth = 0;
  const float* a = nullptr;  ///< rows `packed_row` apart
  const float* b = nullptr;  ///< whole vectors
  std::int64_t b_stride = 0;
  float* c = nullptr;  ///< whole vectors
  std::int64_t c_stride = 0;
  bool add = false;
};

// NOLINTBEGIN(modernize-avoid-c-arrays): plain arrays of vectors become registers even where the
// members of std::array are not inlined, as in debug builds of some compilers.
template <int rows, int vectors>
HWY_INLINE void multiply_add(const float* a, const float* b, Vector (&sum)[rows][vectors]) {
  Vector row_of_b[vectors];
  HWY_UNROLL(8)
  for (int v = 0; v < vectors; ++v) row_of_b[v] = hn::LoadU(Lanes(), b + v * lanes());
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    const Vector factor = hn::Set(Lanes(), a[r * packed_row]);
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) sum[r][v] = hn::MulAdd(factor, row_of_b[v], sum[r][v]);
  }
}

template <int rows, int vectors>
HWY_INLINE void store(const Tile& tile, Vector (&sum)[rows][vectors]) {
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) {
      float* const c = tile.c + r * tile.c_stride + v * lanes();
      if (tile.add) sum[r][v] = hn::Add(sum[r][v], hn::LoadU(Lanes(), c));
      hn::StoreU(sum[r][v], Lanes(), c);
    }
  }
}

template <int rows, int vectors>
void multiply_tile(const Tile& arguments) {
  const Tile tile = arguments;  // a copy that the stores to C cannot alias
  Vector sum[rows][vectors];
  HWY_UNROLL(8)
  for (int r = 0; r < rows; ++r) {
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; ++v) sum[r][v] = hn::Zero(Lanes());
  }
  const float* a = tile.a;
  const float* b = tile.b;
  // C is fetched one line per step of k: all 24 lines at once fill the miss buffers and stall the
  // loads of A and B behind them (77-82 % of peak instead of 88-93 % where this was first
  // measured).
  constexpr std::int64_t lines = std::int64_t{rows} * vectors;
  const std::int64_t prefetched = tile.depth < lines ? 0 : rows;
  for (std::int64_t r = 0; r < prefetched; ++r) {
    for (std::int64_t v = 0; v < vectors; ++v, ++a, b += tile.b_stride) {
      hwy::Prefetch(tile.c + r * tile.c_stride + v * lanes());
      multiply_add<rows, vectors>(a, b, sum);
    }
  }
  for (const float* const end = tile.a + tile.depth; a != end; ++a, b += tile.b_stride)
    multiply_add<rows, vectors>(a, b, sum);
  store<rows, vectors>(tile, sum);
}

// NOLINTEND(modernize-avoid-c-arrays)

/// A kernel for every remainder: a padded tile would waste up to 5/6 of its work.
using TileKernel = void (*)(const Tile&);

template <std::size_t... index>
constexpr std::array<TileKernel, sizeof...(index)> all_kernels(
    std::index_sequence<index...> /*indices*/) {
  return {&multiply_tile<static_cast<int>(index / max_vectors) + 1,
                         static_cast<int>(index % max_vectors) + 1>...};
}

inline TileKernel tile_kernel(std::int64_t rows, std::int64_t vectors) {
  static constexpr auto kernels =
      all_kernels(std::make_index_sequence<static_cast<std::size_t>(tile_rows * max_vectors)>());
  return kernels[static_cast<std::size_t>((rows - 1) * max_vectors + vectors - 1)];
}

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#endif
