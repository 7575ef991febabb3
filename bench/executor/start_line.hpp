// How the ranks begin an operation together.
#pragma once

#include <string_view>

namespace bench {

enum class Start {
  barrier,  ///< each rank after MPI_Barrier: ranks leave it up to a message's latency apart
  window,   ///< all at one time of a clock that they share, which is agreed on before
};

/// @throws Error(usage)
[[nodiscard]] Start parse_start(std::string_view text);

/// Do all ranks run under one kernel, and so have one clock? Containers and network namespaces of a
/// host do, whatever their names. Collective over MPI_COMM_WORLD.
[[nodiscard]] bool one_clock();

/// Seconds of the clock that operations are timed by, the same for all processes of one kernel.
[[nodiscard]] double clock_seconds();

/// Collective over MPI_COMM_WORLD.
class StartLine {
 public:
  /// @throws Error(usage) for a window where ranks run under several kernels
  explicit StartLine(Start start);

  /// Returns when the operation is to begin.
  /// @return clock_seconds() of the beginning: with a window the agreed one, on all ranks the same
  [[nodiscard]] double wait();

  /// After the operation: were all ranks there when it began? If not, the late one was timed, not
  /// the operation. With a barrier always.
  [[nodiscard]] bool all_in_time() const;

 private:
  Start start_;
  double lead_ = 0;  // seconds from the agreement to the beginning
  bool late_ = false;
};

}  // namespace bench
