// Copies of A and B in the order the micro-kernel reads them, converted to float on the way.
// Compiled once per vector target; included by block.cpp only.
//
// bf16 becomes float here because Highway 1.0.3 has no bf16 dot product for AVX-512: its emulation
// runs at half the rate of float FMA. A native path would keep bf16 in the panels.
#if defined(KERNELS_MATMUL_PACK_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_PACK_INL_HPP
#undef KERNELS_MATMUL_PACK_INL_HPP
#else
#define KERNELS_MATMUL_PACK_INL_HPP
#endif

#include <cstdint>

#include <hwy/highway.h>

#include "kernels/matmul/microkernel-inl.hpp"
#include "kernels/matmul/range.hpp"

HWY_BEFORE_NAMESPACE();

namespace kernels::HWY_NAMESPACE {

HWY_INLINE Vector load_float(const float* from) {
  return hn::LoadU(Lanes(), from);
}

HWY_INLINE Vector load_float(const BFloat16* from) {
  const hn::RebindToUnsigned<Lanes> words;
  const hn::Rebind<std::uint16_t, Lanes> halves;
  const auto bits = hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(from));
  return hn::BitCast(Lanes(), hn::ShiftLeft<16>(hn::PromoteTo(words, bits)));
}

/// `count` elements, then zeros up to a whole vector.
template <class T>
HWY_INLINE void copy_row(const T* from, std::int64_t count, float* to) {
  std::int64_t i = 0;
  for (; i + lanes() <= count; i += lanes()) hn::StoreU(load_float(from + i), Lanes(), to + i);
  if (i == count) return;
  const std::int64_t end = i + lanes();
  for (; i < count; ++i) to[i] = static_cast<float>(from[i]);
  for (; i < end; ++i) to[i] = 0;
}

/// Rows stay contiguous: the kernel broadcasts single elements of A, so nothing needs transposing.
template <class T>
void pack_a(const Block<T>& block, Range rows, Range depth, float* to) {
  for (std::int64_t i = rows.begin; i < rows.end; ++i, to += packed_row) {
    const T* const from = block.a + i * block.a_stride + depth.begin;
    copy_row(from, depth.size(), to);
  }
}

/// Columns [begin, end), of which the last vector may be partial, as rows of whole vectors.
/// Tried without gain: prefetching eight rows ahead; all panels of a row before the next row.
template <class T>
void pack_b(const Block<T>& block, Range cols, Range depth, float* to) {
  const std::int64_t width = ceil_div(cols.size(), lanes()) * lanes();
  for (std::int64_t k = depth.begin; k < depth.end; ++k, to += width)
    copy_row(block.b + k * block.b_stride + cols.begin, cols.size(), to);
}

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#endif
