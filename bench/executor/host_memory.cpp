#include "bench/executor/host_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>

namespace bench {

// Ranks map the window at addresses of their own, but all at whole pages, so that a part begins at
// the same place of a line for all of them.
HostMemory::HostMemory(std::size_t bytes, MPI_Comm ranks) {
  int size = 0;
  MPI_Comm_rank(ranks, &rank_);
  MPI_Comm_size(ranks, &size);
  MPI_Info apart = MPI_INFO_NULL;
  MPI_Info_create(&apart);
  MPI_Info_set(apart, "alloc_shared_noncontig", "true");
  std::byte* mine = nullptr;
  MPI_Win_allocate_shared(
      static_cast<MPI_Aint>(bytes + line), 1, apart, ranks, static_cast<void*>(&mine), &window_);
  MPI_Info_free(&apart);
  for (int rank = 0; rank < size; ++rank) {
    MPI_Aint extent = 0;
    int unit = 0;
    std::byte* memory = nullptr;
    MPI_Win_shared_query(window_, rank, &extent, &unit, static_cast<void*>(&memory));
    const std::size_t past = reinterpret_cast<std::uintptr_t>(memory) % line;
    memory_.push_back(memory + (line - past) % line);
  }
  map(bytes, ranks);
}

/// A page is mapped when it is first touched, in every process for itself: now, not in what is
/// timed.
void HostMemory::map(std::size_t bytes, MPI_Comm ranks) const {
  constexpr std::size_t page = 4096;
  std::fill_n(of(rank_), bytes, std::byte{});
  MPI_Barrier(ranks);
  for (const std::byte* memory : memory_)
    for (std::size_t at = 0; at < bytes; at += page)
      static_cast<void>(*static_cast<const volatile std::byte*>(memory + at));
}

HostMemory::~HostMemory() {
  // Waits until all ranks are through; one that is unwinding must not, see MpiSession.
  if (std::uncaught_exceptions() == 0) MPI_Win_free(&window_);
}

}  // namespace bench
