#include "bench/executor/host_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <exception>

#include "bench/executor/ranks.hpp"

namespace bench {

bool on_one_host() {
  int one = on_this_host().size == world().size ? 1 : 0;
  MPI_Allreduce(MPI_IN_PLACE, &one, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
  return one != 0;
}

// Ranks map the window at addresses of their own, but all at whole pages, so that a part begins at
// the same place of a line for all of them.
HostMemory::HostMemory(std::size_t bytes) : rank_(world().rank) {
  MPI_Info apart = MPI_INFO_NULL;
  MPI_Info_create(&apart);
  MPI_Info_set(apart, "alloc_shared_noncontig", "true");
  std::byte* mine = nullptr;
  MPI_Win_allocate_shared(static_cast<MPI_Aint>(bytes + line),
                          1,
                          apart,
                          MPI_COMM_WORLD,
                          static_cast<void*>(&mine),
                          &window_);
  MPI_Info_free(&apart);
  for (int rank = 0; rank < world().size; ++rank) {
    MPI_Aint size = 0;
    int unit = 0;
    std::byte* memory = nullptr;
    MPI_Win_shared_query(window_, rank, &size, &unit, static_cast<void*>(&memory));
    const std::size_t past = reinterpret_cast<std::uintptr_t>(memory) % line;
    memory_.push_back(memory + (line - past) % line);
  }
  map(bytes);
}

/// A page is mapped when it is first touched, in every process for itself: now, not in what is
/// timed.
void HostMemory::map(std::size_t bytes) const {
  constexpr std::size_t page = 4096;
  std::fill_n(of(rank_), bytes, std::byte{});
  MPI_Barrier(MPI_COMM_WORLD);
  for (const std::byte* memory : memory_)
    for (std::size_t at = 0; at < bytes; at += page)
      static_cast<void>(*static_cast<const volatile std::byte*>(memory + at));
}

HostMemory::~HostMemory() {
  // Waits until all ranks are through; one that is unwinding must not, see MpiSession.
  if (std::uncaught_exceptions() == 0) MPI_Win_free(&window_);
}

}  // namespace bench
