// One thread's share of a matmul: a block of C with the rows of A and columns of B that make it.
#pragma once

#include <cstdint>

#include "kernels/matmul/bfloat16.hpp"
#include "kernels/matmul/scratch.hpp"

namespace kernels {

template <class T>
struct Block {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t depth = 0;
  const T* a = nullptr;  ///< rows x depth, `a_stride` elements between rows
  std::int64_t a_stride = 0;
  const T* b = nullptr;  ///< depth x cols
  std::int64_t b_stride = 0;
  float* c = nullptr;  ///< rows x cols, overwritten
  std::int64_t c_stride = 0;
};

/// On the best vector unit of this CPU.
void multiply_block(const Block<float>& block, const Scratch& scratch);
void multiply_block(const Block<BFloat16>& block, const Scratch& scratch);

/// Columns of C that one pass of the micro-kernel covers, for cutting work among threads.
std::int64_t tile_cols();
/// And rows.
inline constexpr std::int64_t tile_rows = 6;

const char* block_target();

}  // namespace kernels
