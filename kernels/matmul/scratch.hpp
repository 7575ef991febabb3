// Where packed panels live: one aligned area per thread, allocated at the thread's first matmul and
// kept for its life. Each thread touches its own pages first, so they lie in its NUMA node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace kernels {

// Panels on huge pages save the 1-4 % that TLB misses cost with 4 KiB pages.
inline constexpr std::size_t huge_page = std::size_t{2} << 20U;

// Blocks, in the names of Goto and van de Geijn, "Anatomy of High-Performance Matrix
// Multiplication" (ACM TOMS 34(3), 2008): A is packed in mc x kc, B in kc x nc.
//
// kc, in groups of k, which are what one instruction multiplies and sums: 4 bytes of A, 8 in f64.
// Long enough that a tile of C is loaded and stored seldom, short enough that a panel of B (256
// KiB; 64 KiB with 16 registers) stays in L2. Time of 2048 bytes of depth over 4096 and 8192, with
// mc and nc a half and a quarter, geometric means of six shapes with 512 rows and more, 1 MiB of
// L2:
//   AVX-512  f32 1.013 1.015   bf16 1.006 1.005   u8 x s8 1.00 0.99   f64 1.024 1.036
//   AVX2     f32 1.024 1.030   bf16 1.016 1.025                       f64 1.030 1.059
// 3072 bytes of f32 gained less (1.005).
inline constexpr std::int64_t most_block_k = 1024;

/// A half of it where L2 has less than 1 MiB, of which the block of A would take most: f32 and f64
/// 0.97 to 1.13 times as fast at 1024 and 2048 cubed and with 256 and 512 rows, bf16 and u8 x s8
/// 0.96 to 1.06 (Zen 3, 512 KiB). With a half and a quarter of the rows beside that: 0.97 to 1.01
/// of it.
std::int64_t block_k();

// mc: the block of A, up to 400 KiB, stays in L2. A multiple of 6. A half and one and a half of it
// lost up to 1 % on AVX2. More rows where they are shorter than kc, so that they fill 384 KiB:
// 0.998 to 1.006 at 256 to 1024 cubed and 2048 x 4096 x 1024, f32 and bf16.
constexpr std::int64_t block_m(std::int64_t group_bytes) {
  return 384 / group_bytes;
}

// nc: the block of B, 4 MiB, is read once per mc rows from L3; the wider, the less often A is
// packed. 8 MiB: 0.99 to 1.00.
constexpr std::int64_t block_n(std::int64_t group_bytes) {
  return 4096 / group_bytes;
}

/// Bytes between rows of A where it is packed: one cache line more than kc, so that rows do not
/// share a set of L1.
constexpr std::int64_t packed_row_bytes(std::int64_t group_bytes) {
  return most_block_k * group_bytes + 64;
}

class Scratch {
 public:
  /// That of the calling thread.
  static Scratch& mine();

  [[nodiscard]] void* a() const { return area_.get(); }

  [[nodiscard]] void* b() const { return area_.get() + bytes_of_a; }

 private:
  static constexpr std::int64_t bytes_of_a =
      (block_m(4) * packed_row_bytes(4) + 4095) / 4096 * 4096;
  static constexpr std::int64_t bytes_of_b = block_n(4) * most_block_k * 4;
  static_assert(bytes_of_a >= block_m(8) * packed_row_bytes(8));
  static_assert(bytes_of_b >= block_n(8) * most_block_k * 8);
  /// Whole pages.
  static constexpr std::size_t size =
      (bytes_of_a + bytes_of_b + huge_page - 1) / huge_page * huge_page;

  struct Free {
    void operator()(std::byte* area) const { std::free(area); }
  };

  Scratch();

  std::unique_ptr<std::byte, Free> area_;
};

}  // namespace kernels
