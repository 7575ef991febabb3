// MPI's life and the few facts that everyone asks it.
#pragma once

#include <string>

#include "topology/error.hpp"

namespace bench {

/// Before MPI_Init: is this process the one that speaks? Reads the launchers' environment
/// (Open MPI, PMIx, Slurm, PMI), so that a config error is said once.
[[nodiscard]] bool speaks_before_init();

/// The rank that the launcher gave this process, or -1 when it was started alone.
[[nodiscard]] int launched_rank();

/// MPI's life in this process. Started alone, without a launcher, a process is rank 0 of 1 and MPI
/// stays out of it. When an exception is on its way on one of several ranks, the destructor does
/// not wait for the others: see `abort`.
class MpiSession {
 public:
  MpiSession();
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
  MpiSession(MpiSession&&) = delete;
  MpiSession& operator=(MpiSession&&) = delete;

  [[nodiscard]] int rank() const { return rank_; }

  [[nodiscard]] int size() const { return size_; }

  /// MPI has been started in this process and has not been ended.
  [[nodiscard]] static bool running();
  [[nodiscard]] static std::string library();
  /// Waits for all ranks without burning a core that another rank computes on.
  static void wait_idle();
  /// Rank 0's text on every rank.
  [[nodiscard]] static std::string share(std::string text);
  /// Collective: all ranks are through. A verdict that they share is no reason to abort.
  static void end();
  [[nodiscard]] static bool ended();
  /// Ends all ranks with this exit code, now. Returns only if MPI does not run.
  static void abort(int code);

 private:
  int rank_ = 0;
  int size_ = 1;
};

}  // namespace bench
