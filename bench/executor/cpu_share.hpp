// Who else used the CPUs of this host while we measured.
#pragma once

namespace bench {

struct CpuShare {
  double foreign = 0;  ///< of all CPU time of this host: processes that are not of this job
  double stolen = 0;   ///< of it: the hypervisor's other guests
  int ranks = 1;       ///< of this job on this host
  int cores = 1;       ///< that they may use

  [[nodiscard]] bool oversubscribed() const { return ranks > cores; }
};

/// Seconds, all CPUs of this host together.
struct CpuClocks {
  double busy = 0;
  double stolen = 0;
  double total = 0;
  double own = 0;  ///< of this process
};

/// Zeros where the system does not tell.
[[nodiscard]] CpuClocks cpu_clocks();

/// Counts from its construction on.
class CpuWatch {
 public:
  CpuWatch();

  /// Of the calling rank's host. Collective over MPI_COMM_WORLD where MPI runs. Zeros where the
  /// system does not tell.
  [[nodiscard]] CpuShare share() const;

 private:
  CpuClocks start_;
};

}  // namespace bench
