// Highway's vectors as units of the micro-kernel. Compiled once per vector target; included by
// block.cpp and fma_probe.cpp only.
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

  template <int vectors>
  static HWY_INLINE void load_panel(const T* from, std::int64_t stride, Vector (&panel)[vectors]) {
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

  template <int vectors>
  static HWY_INLINE void load_panel(const BFloat16* from,
                                    std::int64_t stride,
                                    Vector (&panel)[vectors]) {
    load_panel_of<WideBf16Unit>(from, stride, panel);
  }

  /// Of each two vectors of columns the even ones, then the odd ones: one instruction widens a
  /// vector that way, two or three in its own order.
  template <int vectors>
  static HWY_INLINE void load_split(const BFloat16* from, Vector (&panel)[vectors]) {
    const hn::RebindToUnsigned<Tag> words;
    const auto upper = hn::Set(words, 0xffff0000U);
    HWY_UNROLL(8)
    for (int v = 0; v < vectors; v += 2) {
      const auto* const at = reinterpret_cast<const std::uint32_t*>(from + v * lanes());
      const auto pairs = hn::LoadU(words, at);
      panel[v] = hn::BitCast(Tag(), hn::ShiftLeft<16>(pairs));
      panel[v + 1] = hn::BitCast(Tag(), hn::And(pairs, upper));
    }
  }
};

// Only x86 sums products of neighbours; on NEON pairs are no faster than elements one by one.
#if HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || \
    HWY_TARGET == HWY_AVX3_DL

/// u8 x s8 with both as i16 in the panels: one instruction multiplies pairs of them and sums each
/// pair in 32 bits, exactly. (The one for pairs of bytes saturates its sums at 16 bits.)
struct PairI8Unit {
  using A = std::uint8_t;
  using B = std::int8_t;
  using C = std::int32_t;
  using PackedA = std::int16_t;
  using PackedB = std::int16_t;
  using Tag = hn::ScalableTag<std::int32_t>;
  using PairTag = hn::Repartition<std::int16_t, Tag>;
  using Vector = hn::Vec<Tag>;
  using Factor = hn::Vec<PairTag>;
  using Panel = hn::Vec<PairTag>;
  static constexpr std::int64_t group = 2;
  static constexpr std::int64_t max_vectors = OneByOne<std::int32_t>::max_vectors;

  static constexpr std::int64_t lanes() { return hn::MaxLanes(Tag()); }

  static HWY_INLINE Vector zero() { return hn::Zero(Tag()); }

  static HWY_INLINE Factor broadcast(const std::int16_t* a) {
    std::int32_t pair = 0;
    __builtin_memcpy(&pair, a, sizeof pair);
    return hn::BitCast(PairTag(), hn::Set(Tag(), pair));
  }

  static HWY_INLINE Panel load_b(const std::int16_t* b) { return hn::LoadU(PairTag(), b); }

  static HWY_INLINE void store_b(Panel panel, std::int16_t* to) {
    hn::StoreU(panel, PairTag(), to);
  }

  static HWY_INLINE Vector multiply_add(Factor a, Panel b, Vector sum) {
    Vector none = zero();  // where the sums of pairs would go that are not neighbours
    Vector more = hn::ReorderWidenMulAccumulate(Tag(), a, b, sum, none);
    // Left to itself gcc multiplies many pairs before it adds, and moves sums to memory for want of
    // registers: 1.4 times as long.
    __asm__ volatile("" : "+v"(more.raw));
    return more;
  }

  static HWY_INLINE Vector add_c(Vector sum, const std::int32_t* c) {
    return hn::Add(sum, hn::LoadU(Tag(), c));
  }

  static HWY_INLINE void store_c(Vector sum, std::int32_t* c) { hn::StoreU(sum, Tag(), c); }

  static std::int32_t sum(std::int32_t a, std::int32_t b) { return wrapped_sum(a, b); }

  static std::int16_t widen_a(std::uint8_t a) { return a; }

  static std::int16_t widen_b(std::int8_t b) { return b; }

  /// Elements of two rows beside each other.
  static HWY_INLINE Panel load_rows(const std::int8_t* from, std::int64_t stride) {
    return hn::OddEven(hn::BitCast(PairTag(), hn::ShiftLeft<16>(row(from + stride))),
                       hn::BitCast(PairTag(), row(from)));
  }

  template <int vectors>
  static HWY_INLINE void load_panel(const std::int8_t* from,
                                    std::int64_t stride,
                                    Panel (&panel)[vectors]) {
    // Interleaved within 16 bytes, which hold eight pairs: more lanes would come out of order.
    if constexpr (vectors % 2 == 0 && few_registers) {
      const hn::Rebind<std::int8_t, PairTag> bytes;
      HWY_UNROLL(8)
      for (int v = 0; v < vectors; v += 2) {
        const auto even = hn::LoadU(bytes, from + v * lanes());
        const auto odd = hn::LoadU(bytes, from + stride + v * lanes());
        panel[v] = hn::PromoteTo(PairTag(), hn::InterleaveLower(bytes, even, odd));
        panel[v + 1] = hn::PromoteTo(PairTag(), hn::InterleaveUpper(bytes, even, odd));
      }
    } else {
      load_panel_of<PairI8Unit>(from, stride, panel);
    }
  }

  static HWY_INLINE Vector row(const std::int8_t* from) {
    return hn::PromoteTo(Tag(), hn::LoadU(hn::Rebind<std::int8_t, Tag>(), from));
  }
};

using BytesUnit = PairI8Unit;

#else

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

  template <int vectors>
  static HWY_INLINE void load_panel(const std::int8_t* from,
                                    std::int64_t stride,
                                    Vector (&panel)[vectors]) {
    load_panel_of<WideI8Unit>(from, stride, panel);
  }
};

using BytesUnit = WideI8Unit;

#endif

// NOLINTEND(modernize-avoid-c-arrays)

}  // namespace kernels::HWY_NAMESPACE

HWY_AFTER_NAMESPACE();

#endif
