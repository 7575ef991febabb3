// The reader that runs: real buffers over MPI, every element checked, raw samples kept.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/executor/datatype.hpp"
#include "bench/executor/operation.hpp"
#include "bench/executor/start_line.hpp"
#include "kernels/collective/program.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/chip.hpp"

namespace bench {

/// One clock pair and one barrier exit cost about half a microsecond: short operations are timed in
/// batches of at least this long.
inline constexpr double shortest_sample = 50e-6;

/// Full vectors that a rank needs memory for: input, output, and what a reduction keeps in flight.
inline constexpr int vectors_of_a_rank = 3;

struct MeasureOptions {
  std::vector<Lowering> lowerings{Lowering::messages};
  bool symmetric = false;  ///< buffers in memory that the ranks of one host share
  topology::DataType type = topology::DataType::f32;
  Operator op = Operator::sum;
  int warmup = 5;
  int samples = 20;
  Start start = Start::barrier;
  bool check = true;
};

/// One size, one placement. Times are per operation; `seconds`, the slowest rank's, on every rank
/// the same.
struct Measurement {
  std::vector<double> seconds;  ///< one per sample
  std::vector<double> own;      ///< the same on this rank's clock alone
  std::int64_t batch = 1;       ///< operations per sample, back to back
  std::int64_t wrong = 0;       ///< elements, over all ranks; -1 when not checked
  [[nodiscard]] double median() const;
  [[nodiscard]] double quantile(double q) const;
};

/// What the buffers of one host's ranks take of its memory, bytes.
struct BufferMemory {
  int ranks = 1;
  double needed = 0;
  double of_host = 0;

  /// With a tenth left to others.
  [[nodiscard]] bool fits() const;
  /// @throws Error(environment) that says so
  [[noreturn]] void refuse() const;
};

[[nodiscard]] BufferMemory buffer_memory(double bytes_per_rank, int ranks);

/// Elements of the full vector for a size in bytes: a whole number per rank where an end of the
/// collective holds one chunk per rank, rounded down as nccl-tests does.
/// @throws Error(usage) when the size is not whole elements, or too small for the ranks.
[[nodiscard]] std::int64_t elements(kernels::Collective collective,
                                    std::int64_t bytes,
                                    topology::DataType type,
                                    std::int64_t ranks);

/// User buffers of one rank for one collective, filled, run and checked. Collective over all ranks
/// of MPI_COMM_WORLD; their number is the schedule's.
class Measure {
 public:
  Measure(const kernels::Schedule& schedule, std::int64_t count, const MeasureOptions& options);
  /// By messages, beside the library's way if that is asked for. @param count see whole_elements
  Measure(const kernels::Program& program, std::int64_t count, const MeasureOptions& options);
  ~Measure();
  Measure(const Measure&) = delete;
  Measure& operator=(const Measure&) = delete;
  Measure(Measure&& other) noexcept;
  Measure& operator=(Measure&& other) noexcept;

  /// Every way that was asked for, in turns, each sample beginning with another one.
  [[nodiscard]] std::vector<Measurement> run(bool in_place);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace bench
