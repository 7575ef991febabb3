#include "kernels/matmul/dot.hpp"

#include <atomic>

#include <hwy/base.h>

#include "kernels/matmul/gemm.hpp"
#include "topology/error.hpp"

#if HWY_ARCH_X86_64
#if HWY_COMPILER_GCC_ACTUAL  // its own header leaves what it does not use undefined (gcc bug
                             // 105593)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>

#define KERNELS_TARGET avx512_dot
#define KERNELS_BEFORE_TARGET()                                                   \
  HWY_PUSH_ATTRIBUTES("avx512f,avx512vl,avx512dq,avx512bw,avx512bf16,avx512vnni") \
  static_assert(true)
#define KERNELS_AFTER_TARGET() \
  HWY_POP_ATTRIBUTES           \
  static_assert(true)
#include "kernels/matmul/packed-inl.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::avx512_dot {

constexpr const char* dot_target = "AVX3 + dot products";

/// The 4 x 4 pieces of a vector transposed, so that unpacking, which goes on within 16 bytes,
/// leaves neighbours beside each other.
HWY_INLINE __m512i turned_32(const void* from) {
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, _mm512_loadu_si512(from));
}

/// The same of 4 x 2 pieces.
HWY_INLINE __m512i turned_64(const void* from) {
  const __m512i order = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
  return _mm512_permutexvar_epi64(order, _mm512_loadu_si512(from));
}

/// What both have in common: 16 sums of 32 bits, groups of 32 bits.
struct GroupsOf32Bits {
  using Factor = __m512i;
  using Panel = __m512i;
  static constexpr std::int64_t max_vectors = 4;

  static constexpr std::int64_t lanes() { return 16; }

  static HWY_INLINE __m512i broadcast(const void* a) {
    std::int32_t group = 0;
    __builtin_memcpy(&group, a, sizeof group);
    return _mm512_set1_epi32(group);
  }

  static HWY_INLINE __m512i load_b(const void* b) { return _mm512_loadu_si512(b); }

  static HWY_INLINE void store_b(__m512i panel, void* to) { _mm512_storeu_si512(to, panel); }
};

// NOLINTBEGIN(modernize-avoid-c-arrays): vectors in registers, see microkernel-inl.hpp
struct Bf16Unit : GroupsOf32Bits {
  using A = BFloat16;
  using B = BFloat16;
  using C = float;
  using PackedA = BFloat16;
  using PackedB = BFloat16;
  using Vector = __m512;
  static constexpr std::int64_t group = 2;

  static HWY_INLINE Vector zero() { return _mm512_setzero_ps(); }

  static HWY_INLINE Vector multiply_add(Factor a, Panel b, Vector sum) {
    return _mm512_dpbf16_ps(sum, reinterpret_cast<__m512bh>(a), reinterpret_cast<__m512bh>(b));
  }

  static HWY_INLINE Vector add_c(Vector sum, const float* c) {
    return _mm512_add_ps(sum, _mm512_loadu_ps(c));
  }

  static HWY_INLINE void store_c(Vector sum, float* c) { _mm512_storeu_ps(c, sum); }

  static float sum(float a, float b) { return a + b; }

  static BFloat16 widen_a(BFloat16 a) { return a; }

  static BFloat16 widen_b(BFloat16 b) { return b; }

  /// Elements of two rows beside each other.
  static HWY_INLINE Panel load_rows(const BFloat16* from, std::int64_t stride) {
    return _mm512_or_si512(row(from), _mm512_slli_epi32(row(from + stride), 16));
  }

  template <int vectors>
  static HWY_INLINE void load_panel(const BFloat16* from,
                                    std::int64_t stride,
                                    Panel (&panel)[vectors]) {
    HWY_UNROLL(2)
    for (int v = 0; v < vectors; v += 2) {
      const __m512i even = turned_64(from + v * lanes());
      const __m512i odd = turned_64(from + stride + v * lanes());
      panel[v] = _mm512_unpacklo_epi16(even, odd);
      panel[v + 1] = _mm512_unpackhi_epi16(even, odd);
    }
  }

  static HWY_INLINE __m512i row(const BFloat16* from) {
    return _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
};

struct I8Unit : GroupsOf32Bits {
  using A = std::uint8_t;
  using B = std::int8_t;
  using C = std::int32_t;
  using PackedA = std::uint8_t;
  using PackedB = std::int8_t;
  using Vector = __m512i;
  static constexpr std::int64_t group = 4;

  static HWY_INLINE Vector zero() { return _mm512_setzero_si512(); }

  static HWY_INLINE Vector multiply_add(Factor a, Panel b, Vector sum) {
    return _mm512_dpbusd_epi32(sum, a, b);
  }

  static HWY_INLINE Vector add_c(Vector sum, const std::int32_t* c) {
    return _mm512_add_epi32(sum, _mm512_loadu_si512(c));
  }

  static HWY_INLINE void store_c(Vector sum, std::int32_t* c) { _mm512_storeu_si512(c, sum); }

  static std::int32_t sum(std::int32_t a, std::int32_t b) { return wrapped_sum(a, b); }

  static std::uint8_t widen_a(std::uint8_t a) { return a; }

  static std::int8_t widen_b(std::int8_t b) { return b; }

  /// Elements of four rows beside each other.
  static HWY_INLINE Panel load_rows(const std::int8_t* from, std::int64_t stride) {
    const __m512i low = two_rows(from, stride);
    const __m512i high = two_rows(from + 2 * stride, stride);
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
  }

  static HWY_INLINE void load_panel(const std::int8_t* from,
                                    std::int64_t stride,
                                    Panel (&panel)[max_vectors]) {
    const __m512i row_0 = turned_32(from);
    const __m512i row_1 = turned_32(from + stride);
    const __m512i row_2 = turned_32(from + 2 * stride);
    const __m512i row_3 = turned_32(from + 3 * stride);
    const __m512i low_01 = _mm512_unpacklo_epi8(row_0, row_1);
    const __m512i high_01 = _mm512_unpackhi_epi8(row_0, row_1);
    const __m512i low_23 = _mm512_unpacklo_epi8(row_2, row_3);
    const __m512i high_23 = _mm512_unpackhi_epi8(row_2, row_3);
    panel[0] = _mm512_unpacklo_epi16(low_01, low_23);
    panel[1] = _mm512_unpackhi_epi16(low_01, low_23);
    panel[2] = _mm512_unpacklo_epi16(high_01, high_23);
    panel[3] = _mm512_unpackhi_epi16(high_01, high_23);
  }

  static HWY_INLINE __m512i two_rows(const std::int8_t* from, std::int64_t stride) {
    return _mm512_or_si512(row(from), _mm512_slli_epi32(row(from + stride), 8));
  }

  static HWY_INLINE __m512i row(const std::int8_t* from) {
    return _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
};

// NOLINTEND(modernize-avoid-c-arrays)

KernelsBf16 kernels_bf16() {
  return kernels_of<Bf16Unit>(dot_target);
}

KernelsI8 kernels_i8() {
  return kernels_of<I8Unit>(dot_target);
}

/// 20 chains hide the latency of the bf16 product, which is longer than that of an FMA.
template <class Unit>
double chains(std::int64_t steps) {
  constexpr int count = 20;
  // NOLINTBEGIN(modernize-avoid-c-arrays, modernize-loop-convert): registers, and HWY_UNROLL needs
  // counted loops.
  typename Unit::Vector sum[count];
  HWY_UNROLL(20)
  for (int i = 0; i < count; ++i) {
    sum[i] = Unit::zero();
    __asm__("" : "+v"(sum[i]));  // unknown to the compiler: it would run equal chains as one
  }
  const __m512i factor = _mm512_set1_epi32(static_cast<std::int32_t>(steps));
  for (std::int64_t step = 0; step < steps; ++step) {
    HWY_UNROLL(20)
    for (int i = 0; i < count; ++i) sum[i] = Unit::multiply_add(factor, factor, sum[i]);
  }
  HWY_UNROLL(20)
  for (int i = 0; i < count; ++i) __asm__ volatile("" : : "v"(sum[i]));  // else without purpose
  // NOLINTEND(modernize-avoid-c-arrays, modernize-loop-convert)
  return 2.0 * count * 16 * static_cast<double>(Unit::group) * static_cast<double>(steps);
}

}  // namespace kernels::avx512_dot

KERNELS_AFTER_TARGET();
#endif

namespace kernels {
namespace {

std::atomic<bool> dot_allowed{true};

}  // namespace

void allow_dot(bool allowed) {
  dot_allowed = allowed;
}

#if HWY_ARCH_X86_64

bool has_dot(topology::DataType type) {
  if (!dot_allowed || !chose_avx512()) return false;
  if (type == topology::DataType::bf16)
    return static_cast<bool>(__builtin_cpu_supports("avx512bf16"));
  return type == topology::DataType::i8 && static_cast<bool>(__builtin_cpu_supports("avx512vnni"));
}

const KernelsBf16& dot_kernels_bf16() {
  static const KernelsBf16 all = avx512_dot::kernels_bf16();
  return all;
}

const KernelsI8& dot_kernels_i8() {
  static const KernelsI8 all = avx512_dot::kernels_i8();
  return all;
}

topology::Flops run_dot_chains(topology::DataType type, std::int64_t steps) {
  topology::expects(has_dot(type), "this CPU has no dot product of the type");
  const bool bf16 = type == topology::DataType::bf16;
  return topology::Flops(bf16 ? avx512_dot::chains<avx512_dot::Bf16Unit>(steps)
                              : avx512_dot::chains<avx512_dot::I8Unit>(steps));
}

#else

bool has_dot(topology::DataType /*type*/) {
  return false;
}

const KernelsBf16& dot_kernels_bf16() {
  throw topology::Error(topology::ErrorKind::internal, "this CPU has no dot product of bf16");
}

const KernelsI8& dot_kernels_i8() {
  throw topology::Error(topology::ErrorKind::internal, "this CPU has no dot product of i8");
}

topology::Flops run_dot_chains(topology::DataType /*type*/, std::int64_t /*steps*/) {
  topology::expects(false, "this CPU has no dot products");
  return {};
}

#endif

}  // namespace kernels
