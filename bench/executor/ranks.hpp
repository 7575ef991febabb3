// This process among the others.
#pragma once

namespace bench {

/// A place among so many.
struct Ranks {
  int rank = 0;
  int size = 1;
};

/// Of MPI_COMM_WORLD.
[[nodiscard]] Ranks world();

/// Those of MPI_COMM_WORLD that share this host's memory. Collective.
[[nodiscard]] Ranks on_this_host();

}  // namespace bench
