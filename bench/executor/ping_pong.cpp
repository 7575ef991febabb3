#include "bench/executor/ping_pong.hpp"

#include <cstdint>
#include <vector>

#include "bench/executor/host_window.hpp"
#include "bench/executor/statistics.hpp"

namespace bench {

topology::Seconds core_to_core() {
  constexpr int samples = 200;
  constexpr std::uint64_t trips = 20;  // of a sample: a look at the clock takes as long as one
  HostWindow window(0);
  MPI_Barrier(MPI_COMM_WORLD);
  std::vector<double> seconds;
  const int other = 1 - window.rank();
  for (int s = 0; s < samples && window.rank() < 2; ++s) {
    const double start = MPI_Wtime();
    for (std::uint64_t i = 0; i < trips; ++i) {
      const std::uint64_t trip = static_cast<std::uint64_t>(s) * trips + i + 1;
      if (window.rank() == 0) window.publish(trip);
      window.wait_for(other, trip);
      if (window.rank() == 1) window.publish(trip);
    }
    seconds.push_back((MPI_Wtime() - start) / (2.0 * trips));
  }
  double one_way = window.rank() == 0 ? median(seconds) : 0;
  MPI_Bcast(&one_way, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  return topology::Seconds(one_way);
}

}  // namespace bench
