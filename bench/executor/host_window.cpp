#include "bench/executor/host_window.hpp"

#include <algorithm>
#include <new>
#include <thread>

#include "bench/executor/caches.hpp"

namespace bench {
namespace {

// With a core for each rank a poll costs less than giving the core away, but something else may
// run on the other's core.
constexpr int polls_alone = 10000;
constexpr int polls_shared = 50;

/// A line is written and read two to three times as fast when neither core has it in its own cache
/// any more, but both share one that still does: slots go round in twice the L2 cache, which took
/// 0.7 to 1 us for an all-reduce of 8 KiB where four slots took 1.6, and 36 us for 512 KiB, not 81.
/// Eight times the L2 cache is slower again, and below a page few slots are.
std::uint64_t slots_for(std::size_t slot_bytes) {
  constexpr std::uint64_t least = 4;
  constexpr std::size_t page = 4096;
  if (slot_bytes < page) return least;
  return std::max<std::uint64_t>(least, 2 * caches().own / slot_bytes);
}

std::size_t whole_lines(std::size_t bytes) {
  return (bytes + HostMemory::line - 1) / HostMemory::line * HostMemory::line;
}

}  // namespace

HostWindow::HostWindow(std::size_t slot_bytes, MPI_Comm ranks)
    : slot_bytes_(whole_lines(slot_bytes)),
      slots_(slots_for(slot_bytes_)),
      memory_(HostMemory::line + slots_ * slot_bytes_, ranks),
      seen_(static_cast<std::size_t>(memory_.ranks())) {
  static_assert(Counter::is_always_lock_free);
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  patience_ = this->ranks() > cores ? polls_shared : polls_alone;
  new (memory_.of(rank())) Counter(0);
  MPI_Barrier(ranks);
}

}  // namespace bench
