// The step that schedules are made of: every rank sends to the next and hears from the one before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <mpi.h>

#include "bench/executor/host_window.hpp"
#include "bench/executor/operation.hpp"

namespace bench {

/// All ranks of a group, at least two, call each of these alike.
class Neighbours {
 public:
  /// @param lowering messages, or host for a group on one host
  /// @param largest exchange, bytes
  Neighbours(MPI_Comm group, Lowering lowering, std::size_t largest);

  [[nodiscard]] int ranks() const { return ranks_; }

  /// With `add`, what arrives is added to what was sent, as the same lowering of a schedule does
  /// it.
  void exchange(std::size_t bytes, bool add);

  /// A few bytes to each of some ranks after this one, all at once; by messages. At most 8.
  void fan(int messages);

 private:
  void by_message(int bytes, bool add);
  void through_memory(std::size_t bytes, bool add);

  MPI_Comm group_;
  int rank_ = 0;
  int ranks_ = 0;
  std::vector<std::byte> out_;
  std::vector<std::byte> in_;
  int next_ = 0;
  int previous_ = 0;
  std::optional<HostWindow> window_;
  bool far_ = false;
  std::uint64_t step_ = 0;
};

}  // namespace bench
