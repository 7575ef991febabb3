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

/// Counts from its construction on.
class CpuWatch {
 public:
  CpuWatch();

  /// Of the calling rank's host. Collective over MPI_COMM_WORLD. Zeros where the system does not
  /// tell.
  [[nodiscard]] CpuShare share() const;

 private:
  struct Clocks {
    double busy = 0;  ///< seconds, all CPUs
    double stolen = 0;
    double total = 0;
    double own = 0;  ///< of this process
  };

  [[nodiscard]] static Clocks now();

  Clocks start_;
};

}  // namespace bench
