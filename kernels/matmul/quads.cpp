#include "kernels/matmul/quads.hpp"

#include <cstddef>

#include <hwy/base.h>

#include "kernels/matmul/gemm.hpp"
#include "topology/error.hpp"

#if HWY_ARCH_X86_64
#include <immintrin.h>

#define KERNELS_TARGET avx2_quads
#define KERNELS_BEFORE_TARGET()       \
  HWY_PUSH_ATTRIBUTES("avx,avx2,fma") \
  static_assert(true)
#define KERNELS_AFTER_TARGET() \
  HWY_POP_ATTRIBUTES           \
  static_assert(true)
#include "kernels/matmul/packed-inl.hpp"

KERNELS_BEFORE_TARGET();

namespace kernels::avx2_quads {

// NOLINTBEGIN(modernize-avoid-c-arrays): vectors in registers, see microkernel-inl.hpp
alignas(32) constexpr std::int16_t ones[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/// 2 x 127 x 128 is the most that a pair of products comes to, which 16 bits hold. Three
/// instructions for 32 products, where 16 bits each take four.
struct QuadI8Unit {
  using A = std::uint8_t;
  using B = std::int8_t;
  using C = std::int32_t;
  using PackedA = std::uint8_t;
  using PackedB = std::int8_t;
  using Vector = __m256i;
  using Factor = __m256i;
  using Panel = __m256i;
  static constexpr std::int64_t group = 4;
  static constexpr std::int64_t max_vectors = 2;

  static constexpr std::int64_t lanes() { return 8; }

  static HWY_INLINE Vector zero() { return _mm256_setzero_si256(); }

  static HWY_INLINE Factor broadcast(const std::uint8_t* a) {
    std::int32_t four = 0;
    __builtin_memcpy(&four, a, sizeof four);
    return _mm256_set1_epi32(four);
  }

  static HWY_INLINE Panel load_b(const std::int8_t* b) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b));
  }

  static HWY_INLINE void store_b(Panel panel, std::int8_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), panel);
  }

  static HWY_INLINE Vector multiply_add(Factor a, Panel b, Vector sum) {
    // Left to itself gcc keeps the ones in a register and moves sums for want of it: 1.1 times as
    // many instructions. From a register they take 1.02 times as long.
    __m256i products;
    __asm__(
        "vpmaddubsw %[b], %[a], %[products]\n\t"
        "vpmaddwd %[ones], %[products], %[products]\n\t"
        "vpaddd %[products], %[sum], %[sum]"
        : [sum] "+x"(sum), [products] "=&x"(products)
        : [a] "x"(a), [b] "x"(b), [ones] "m"(ones));
    return sum;
  }

  static HWY_INLINE Vector add_c(Vector sum, const std::int32_t* c) {
    return _mm256_add_epi32(sum, _mm256_loadu_si256(reinterpret_cast<const __m256i*>(c)));
  }

  static HWY_INLINE void store_c(Vector sum, std::int32_t* c) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(c), sum);
  }

  static std::int32_t sum(std::int32_t a, std::int32_t b) { return wrapped_sum(a, b); }

  static std::uint8_t widen_a(std::uint8_t a) { return a; }

  static std::int8_t widen_b(std::int8_t b) { return b; }

  /// Elements of four rows beside each other.
  static HWY_INLINE Panel load_rows(const std::int8_t* from, std::int64_t stride) {
    const __m128i low = _mm_unpacklo_epi8(half_row(from), half_row(from + stride));
    const __m128i high =
        _mm_unpacklo_epi8(half_row(from + 2 * stride), half_row(from + 3 * stride));
    return both(low, high);
  }

  static HWY_INLINE void load_panel(const std::int8_t* from,
                                    std::int64_t stride,
                                    Panel (&panel)[max_vectors]) {
    const __m128i row_0 = row(from);
    const __m128i row_1 = row(from + stride);
    const __m128i row_2 = row(from + 2 * stride);
    const __m128i row_3 = row(from + 3 * stride);
    panel[0] = both(_mm_unpacklo_epi8(row_0, row_1), _mm_unpacklo_epi8(row_2, row_3));
    panel[1] = both(_mm_unpackhi_epi8(row_0, row_1), _mm_unpackhi_epi8(row_2, row_3));
  }

  /// Pairs of two rows each, beside each other.
  static HWY_INLINE Panel both(__m128i low, __m128i high) {
    return _mm256_set_m128i(_mm_unpackhi_epi16(low, high), _mm_unpacklo_epi16(low, high));
  }

  static HWY_INLINE __m128i row(const std::int8_t* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }

  static HWY_INLINE __m128i half_row(const std::int8_t* from) {
    return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from));
  }
};

/// 12 chains, each multiplying its own sum: products of factors that stay the same would be taken
/// out of the loop.
double chains(std::int64_t steps) {
  constexpr int count = 12;
  // NOLINTBEGIN(modernize-loop-convert): HWY_UNROLL needs counted loops
  QuadI8Unit::Vector sum[count];
  HWY_UNROLL(12)
  for (int i = 0; i < count; ++i) sum[i] = _mm256_set1_epi32(static_cast<std::int32_t>(steps) + i);
  const __m256i factor = _mm256_set1_epi8(3);
  for (std::int64_t step = 0; step < steps; ++step) {
    HWY_UNROLL(12)
    for (int i = 0; i < count; ++i) sum[i] = QuadI8Unit::multiply_add(factor, sum[i], sum[i]);
  }
  HWY_UNROLL(12)
  for (int i = 0; i < count; ++i) __asm__ volatile("" : : "x"(sum[i]));  // else without purpose
  // NOLINTEND(modernize-loop-convert)
  return 2.0 * count * 8 * QuadI8Unit::group * static_cast<double>(steps);
}

// NOLINTEND(modernize-avoid-c-arrays)

void multiply_panels(const BlockOf<QuadI8Unit>& block, const Scratch& scratch) {
  PanelSweep<QuadI8Unit>(block, scratch).multiply();
}

KernelsI8 kernels_i8() {
  return {"AVX2",
          panel_cols<QuadI8Unit>,
          multiply_panels,
          packed_bytes<QuadI8Unit>,
          pack_whole_b<QuadI8Unit>,
          multiply_packed<QuadI8Unit>};
}

}  // namespace kernels::avx2_quads

KERNELS_AFTER_TARGET();
#endif

namespace kernels {

#if HWY_ARCH_X86_64

namespace {

using BlockI8 = KernelsI8::AnyBlock;

const KernelsI8& quads() {
  static const KernelsI8 all = avx2_quads::kernels_i8();
  return all;
}

/// No byte of A above 127? Looking takes up to a hundredth of what multiplying takes; the first
/// line with one ends it.
bool has_reduced_range(const BlockI8& block) {
  const bool turned = block.a_step != 1;
  const std::int64_t lines = turned ? block.depth : block.rows;
  const std::int64_t stride = turned ? block.a_step : block.a_stride;
  const std::int64_t length = turned ? block.rows : block.depth;
  for (std::int64_t i = 0; i < lines; ++i) {
    std::uint8_t all = 0;
    for (std::int64_t j = 0; j < length; ++j) all |= block.a[i * stride + j];
    if (all > 127) return false;
  }
  return true;
}

/// Rows up to which a B that comes as it is takes longer packed in quads than read in its own
/// order, widened. Time of that over quads, at 12, 16, 20 and 24 rows (Zen 3):
///   1024 x 1024  0.80 1.24 1.31 1.25   4096 x 2048  0.46 0.86 0.91 0.91
///   4096 x 4096  0.54 0.67 0.98 0.98
/// Quads read in its own order: 1.1 to 1.3 at 1024 x 1024, 0.7 to 1.0 from memory.
std::int64_t most_rows_widened(const BlockI8& block) {
  return block.depth * block.cols < avx2_quads::large_b ? 12 : 24;
}

void multiply(const BlockI8& block, const Scratch& scratch) {
  const bool in_quads = block.rows > most_rows_widened(block) && has_reduced_range(block);
  (in_quads ? quads() : widened_kernels_i8()).multiply(block, scratch);
}

/// Where packed weights are widened: after those in quads, in whole lines.
std::int64_t after_quads(std::int64_t depth, std::int64_t cols) {
  constexpr std::int64_t line = 64;
  return ceil_div(quads().packed_bytes(depth, cols), line) * line;
}

std::int64_t packed_bytes(std::int64_t depth, std::int64_t cols) {
  return after_quads(depth, cols) + widened_kernels_i8().packed_bytes(depth, cols);
}

void pack(const BlockI8& block, void* to) {
  quads().pack(block, to);
  widened_kernels_i8().pack(block,
                            static_cast<std::byte*>(to) + after_quads(block.depth, block.cols));
}

void multiply_packed(const BlockI8& block, const void* packed, Range cols, const Scratch& scratch) {
  if (has_reduced_range(block)) return quads().multiply_packed(block, packed, cols, scratch);
  const auto* const at = static_cast<const std::byte*>(packed);
  widened_kernels_i8().multiply_packed(
      block, at + after_quads(block.depth, block.cols), cols, scratch);
}

}  // namespace

const KernelsI8& quad_kernels() {
  static const KernelsI8 all = {
      quads().target, quads().tile_cols, multiply, packed_bytes, pack, multiply_packed};
  return all;
}

topology::Flops run_quad_chains(std::int64_t steps) {
  return topology::Flops(avx2_quads::chains(steps));
}

#else

const KernelsI8& quad_kernels() {
  throw topology::Error(topology::ErrorKind::internal, "this CPU has no AVX2");
}

topology::Flops run_quad_chains(std::int64_t /*steps*/) {
  topology::expects(false, "this CPU has no AVX2");
  return {};
}

#endif

}  // namespace kernels
