// Highway's vectors as units of the micro-kernel. Compiled once per vector target; included by
// block.cpp only.
#if defined(KERNELS_MATMUL_UNITS_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef KERNELS_MATMUL_UNITS_INL_HPP
#undef KERNELS_MATMUL_UNITS_INL_HPP
#else
#define KERNELS_MATMUL_UNITS_INL_HPP
#endif

#include <cstdint>

#include <hwy/highway.h>

#include "kernels/matmul/bfloat16.hpp"
#include "kernels/matmul/gemm.hpp"

HWY_BEFORE_NAMESPACE();

namespace kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// 24 sums + 4 of B + 1 of A in 32 registers; 12 + 2 + 1 in 16. Few long rows beat many short ones
// (14 x 2 vectors): with a power-of-two row length of C, 14 rows fall in one set of L1.
// Tried without gain in 16 registers, at 1024 cubed: 4 x 3 vectors (0.98 to 1.01), A interleaved by
// tiles (1.00 to 1.01), four steps of k unrolled (0.94), B prefetched into L1 (1.00).
constexpr bool few_registers =
    HWY_TARGET == HWY_SSSE3 || HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2;

// NOLINTBEGIN(modernize-avoid-c-arrays): vectors in registers, see microkernel-inl.hpp
/// Vector by vector.
template <class Unit, class B, class Panel, int vectors>
HWY_INLINE void load_panel_of(const B* from, std::int64_t stride, Panel (&panel)[vectors]) {
  HWY_UNROLL(8)
  for (int v = 0; v < vectors; ++v) panel[v] = Unit::load_rows(from + v * Unit::lanes(), stride);
}

/// Elements are multiplied one by one in the type of the sum, T.
template <class T>
struct OneByOne {
  using C = T;
  using PackedA = T;
  using PackedB = T;
  using Tag = hn::ScalableTag<T>;
  using Vector = hn::Vec<Tag>;
  using Factor = Vector;
  using Panel = Vector;
  static constexpr std::int64_t group = 1;
  static constexpr std::int64_t max_vectors = few_registers ? 2 : 4;

  static constexpr std::int64_t lanes() { return hn::MaxLanes(Tag()); }

  static HWY_INLINE Vector zero() { return hn::Zero(Tag()); }

  static HWY_INLINE Factor broadcast(const T* a) { return hn::Set(Tag(), *a); }

  static HWY_INLINE Panel load_b(const T* b) { return hn::LoadU(Tag(), b); }

  static HWY_INLINE void store_b(Panel panel, T* to) { hn::StoreU(panel, Tag(), to); }

  static HWY_INLINE Vector add_c(Vector sum, const T* c) {
    return hn::Add(sum, hn::LoadU(Tag(), c));
  }

  static HWY_INLINE void store_c(Vector sum, T* c) { hn::StoreU(sum, Tag(), c); }
};

template <class T>
struct FloatUnit : OneByOne<T> {
  using A = T;
  using B = T;
  using typename OneByOne<T>::Tag;
  using typename OneByOne<T>::Vector;

  static HWY_INLINE Vector multiply_add(Vector a, Vector b, Vector sum) {
    return hn::MulAdd(a, b, sum);
  }

  static T sum(T a, T b) { return a + b; }

  static T widen_a(T a) { return a; }

  static T widen_b(T b) { return b; }

  static HWY_INLINE Vector load_rows(const T* from, std::int64_t /*stride*/) {
    return hn::LoadU(Tag(), from);
  }

  static HWY_INLINE void load_panel(const T* from,
                                    std::int64_t stride,
                                    Vector (&panel)[OneByOne<T>::max_vectors]) {
    load_panel_of<FloatUnit>(from, stride, panel);
  }
};

/// bf16 becomes float in the panels: Highway 1.0.3 has no bf16 dot product for AVX-512, its
/// emulation runs at half the rate of float FMA. See dot.hpp.
struct WideBf16Unit : FloatUnit<float> {
  using A = BFloat16;
  using B = BFloat16;

  static float widen_a(BFloat16 a) { return static_cast<float>(a); }

  static float widen_b(BFloat16 b) { return static_cast<float>(b); }

  static HWY_INLINE Vector load_rows(const BFloat16* from, std::int64_t /*stride*/) {
    const hn::RebindToUnsigned<Tag> words;
    const hn::Rebind<std::uint16_t, Tag> halves;
    const auto bits = hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(from));
    return hn::BitCast(Tag(), hn::ShiftLeft<16>(hn::PromoteTo(words, bits)));
  }

  static HWY_INLINE void load_panel(const BFloat16* from,
                                    std::int64_t stride,
                                    Vector (&panel)[max_vectors]) {
    load_panel_of<WideBf16Unit>(from, stride, panel);
  }
};

/// u8 x s8 with both as i32 in the panels. Sums wrap around, as those of the dot products do.
struct WideI8Unit : OneByOne<std::int32_t> {
  using A = std::uint8_t;
  using B = std::int8_t;

  static HWY_INLINE Vector multiply_add(Vector a, Vector b, Vector sum) {
    return hn::Add(sum, hn::Mul(a, b));
  }

  static std::int32_t sum(std::int32_t a, std::int32_t b) { return wrapped_sum(a, b); }

  static std::int32_t widen_a(std::uint8_t a) { return a; }

  static std::int32_t widen_b(std::int8_t b) { return b; }

  static HWY_INLINE Vector load_rows(const std::int8_t* from, std::int64_t /*stride*/) {
    const hn::Rebind<std::int8_t, Tag> bytes;
    return hn::PromoteTo(Tag(), hn::LoadU(bytes, from));
  }

  static HWY_INLINE void load_panel(const std::int8_t* from,
                                    std::int64_t stride,
                                    Vector (&panel)[max_vectors]) {
    load_panel_of<WideI8Unit>(from, stride, panel);
  }
};

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#endif
