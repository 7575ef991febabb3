#include "kernels/matmul/scratch.hpp"

#include <cstddef>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

namespace kernels {

std::int64_t block_k() {
  static const std::int64_t groups = [] {
    const std::int64_t l2 = sysconf(_SC_LEVEL2_CACHE_SIZE);  // 0 or less: the system does not know
    return l2 > 0 && l2 < (std::int64_t{1} << 20) ? most_block_k / 2 : most_block_k;
  }();
  return groups;
}

Scratch& Scratch::mine() {
  thread_local Scratch scratch;
  return scratch;
}

Scratch::Scratch() : area_(static_cast<std::byte*>(std::aligned_alloc(huge_page, size))) {
  if (!area_) throw std::bad_alloc();
  madvise(area_.get(), size, MADV_HUGEPAGE);  // advice: a kernel without huge pages may decline
}

}  // namespace kernels
