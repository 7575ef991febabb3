// One thread's share of a matmul: a block of C with the rows of A and columns of B that make it.
#pragma once

#include <cstdint>

#include "kernels/matmul/bfloat16.hpp"
#include "kernels/matmul/range.hpp"
#include "kernels/matmul/scratch.hpp"

namespace kernels {

template <class A, class B, class C>
struct Block {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t depth = 0;
  const A* a = nullptr;  ///< rows x depth, `a_stride` elements between rows
  std::int64_t a_stride = 0;
  std::int64_t a_step = 1;  ///< elements between columns: transposed, when that is not 1
  const B* b = nullptr;     ///< depth x cols
  std::int64_t b_stride = 0;
  std::int64_t b_step = 1;
  C* c = nullptr;  ///< rows x cols, overwritten
  std::int64_t c_stride = 0;
};

/// What a vector unit can do with blocks of one type.
template <class A, class B, class C>
struct BlockKernels {
  using AnyBlock = Block<A, B, C>;
  const char* target;      ///< "AVX3", "AVX3 + dot products", …
  std::int64_t tile_cols;  ///< columns of C that one pass of the micro-kernel covers
  void (*multiply)(const AnyBlock& block, const Scratch& scratch);
  /// Bytes of a whole B in the order of the micro-kernel.
  std::int64_t (*packed_bytes)(std::int64_t depth, std::int64_t cols);
  /// Puts the B of a block there; 64-byte aligned.
  void (*pack)(const AnyBlock& block, void* to);
  /// Of a block whose B has been packed: those of its columns, which begin at a multiple of
  /// tile_cols.
  void (*multiply_packed)(const AnyBlock& block,
                          const void* packed,
                          Range cols,
                          const Scratch& scratch);
};

using KernelsF32 = BlockKernels<float, float, float>;
using KernelsF64 = BlockKernels<double, double, double>;
using KernelsBf16 = BlockKernels<BFloat16, BFloat16, float>;
using KernelsI8 = BlockKernels<std::uint8_t, std::int8_t, std::int32_t>;

/// Is the best vector unit of this CPU, or of those that are allowed, AVX-512, or AVX2? Asking
/// Highway 1.0.3 which it supports costs 14 us each time in a virtual machine, a sixth of a small
/// matmul of bytes: its choice is kept.
[[nodiscard]] bool chose_avx512();
[[nodiscard]] bool chose_avx2();

/// Of the best vector unit of this CPU.
template <class A, class B, class C>
const BlockKernels<A, B, C>& block_kernels();
template <>
const KernelsF32& block_kernels();
template <>
const KernelsF64& block_kernels();
template <>
const KernelsBf16& block_kernels();
template <>
const KernelsI8& block_kernels();

/// Bytes of any size, as numbers of 16 or 32 bits.
const KernelsI8& widened_kernels_i8();

/// Rows of C that one pass of the micro-kernel covers.
inline constexpr std::int64_t tile_rows = 6;

}  // namespace kernels
