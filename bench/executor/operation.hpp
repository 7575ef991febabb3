// One way to carry out a collective between the buffers of this rank.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "bench/executor/datatype.hpp"
#include "bench/executor/host_memory.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/chip.hpp"

namespace bench {

/// How a collective is carried out.
enum class Lowering {
  messages,   ///< a schedule, by MPI messages
  host,       ///< a schedule, through memory that the ranks of one host share
  mixed,      ///< a schedule, through such memory on each of several hosts, by messages between
  symmetric,  ///< the schedule `direct`, between vectors that are in such memory themselves
  library,    ///< MPI's own call, whatever the schedule
  copy,       ///< no collective: every rank's input copied to its output, what memory must do
};

[[nodiscard]] const char* name(Lowering lowering);

/// What data goes through: "shared memory", "messages", "shared memory and messages".
[[nodiscard]] const char* medium(Lowering lowering);

/// MPI has no bf16, and its counts are int.
[[nodiscard]] bool library_can(const Payload& payload);

class Operation {
 public:
  Operation() = default;
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  Operation(Operation&&) = delete;
  Operation& operator=(Operation&&) = delete;

  /// As a user calls it. Both buffers hold the full vector; what is a chunk of the rank's own
  /// stands in its place there, but at the beginning of the output for `result_in_front`.
  virtual void out_of_place(std::span<const std::byte> input, std::span<std::byte> output) = 0;
  /// `spare` may be overwritten.
  virtual void in_place(std::span<std::byte> buffer, std::span<std::byte> spare) = 0;

  /// Between calls: whether ranks have been moved. Collective.
  virtual void look_again() {}

  /// False: there is no result to check.
  [[nodiscard]] virtual bool has_result() const { return true; }

  /// In place, MPI_Reduce_scatter leaves the result at the beginning of its buffer.
  [[nodiscard]] virtual bool result_in_front() const { return false; }
};

/// Collective over MPI_COMM_WORLD.
/// @param vectors where the buffers are, if symmetric
/// @throws Error(usage) for a schedule that is not measurable
[[nodiscard]] std::unique_ptr<Operation> make_operation(Lowering lowering,
                                                        const kernels::Schedule& schedule,
                                                        const Payload& payload,
                                                        const HostMemory* vectors = nullptr);

/// MPI's own call.
[[nodiscard]] std::unique_ptr<Operation> make_library_operation(kernels::Collective collective,
                                                                std::int64_t ranks,
                                                                const Payload& payload);

}  // namespace bench
