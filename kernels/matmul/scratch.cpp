#include "kernels/matmul/scratch.hpp"

#include <cstddef>
#include <new>

#include <sys/mman.h>

namespace kernels {
Scratch& Scratch::mine() {
  thread_local Scratch scratch;
  return scratch;
}

Scratch::Scratch() : area_(static_cast<std::byte*>(std::aligned_alloc(huge_page, size))) {
  if (!area_) throw std::bad_alloc();
  madvise(area_.get(), size, MADV_HUGEPAGE);  // advice: a kernel without huge pages may decline
}

}  // namespace kernels
