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
// kc, in bytes of packed elements: long enough that loading and storing the tile of C costs a few
// percent of the multiply-adds between, short enough that a panel of B (kc x 4 vectors, 128 KiB)
// stays in L2. Share of peak in f32 at 512, 1024, 2048 cubed (+-1) on a core with AVX-512 and 1 MiB
// of L2, for (kc, mc, nc), kc in elements:
//   (192, 192, 1024) 92 89 89   (256, 192, 1024) 92 91 90   (512, 96, 1024)  93 92 92
//   (256, 384, 4096) 93 93 92   (384, 192, 2048) 91 91 92   (512, 192, 2048) 94 92 94
// Without any packing (and so wrong) it would be 96 95 95.
inline constexpr std::int64_t block_k_bytes = 2048;
// mc: the block of A, 400 KiB, stays in L2. A multiple of 6.
inline constexpr std::int64_t block_m = 192;
// nc: the block of B, 4 MiB, is read once per mc rows from L3; the wider, the less often A is
// packed.
inline constexpr std::int64_t block_n = 2048;

/// Bytes between rows of A where it is packed: one cache line more than kc, so that rows do not
/// share a set of L1.
inline constexpr std::int64_t packed_row_bytes = block_k_bytes + 64;

class Scratch {
 public:
  /// That of the calling thread.
  static Scratch& mine();

  [[nodiscard]] void* a() const { return area_.get(); }

  [[nodiscard]] void* b() const { return area_.get() + block_m * packed_row_bytes; }

 private:
  struct Free {
    void operator()(std::byte* area) const { std::free(area); }
  };

  Scratch();

  std::unique_ptr<std::byte, Free> area_;
};

}  // namespace kernels
