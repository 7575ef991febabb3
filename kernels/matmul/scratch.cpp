#include "kernels/matmul/scratch.hpp"

#include <cstddef>
#include <new>

#include <sys/mman.h>

namespace kernels {
namespace {

constexpr std::size_t used = block_m * packed_row_bytes + block_k_bytes * block_n;
constexpr std::size_t size = (used + huge_page - 1) / huge_page * huge_page;

}  // namespace

Scratch& Scratch::mine() {
  thread_local Scratch scratch;
  return scratch;
}

Scratch::Scratch() : area_(static_cast<std::byte*>(std::aligned_alloc(huge_page, size))) {
  if (!area_) throw std::bad_alloc();
  madvise(area_.get(), size, MADV_HUGEPAGE);  // advice: a kernel without huge pages may decline
}

}  // namespace kernels
