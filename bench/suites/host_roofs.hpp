// What this machine's cores and memory can do at most, by loops of our own: the roofs that its
// matmuls are held against (Williams, Waterman, Patterson, "Roofline", CACM 52(4), 2009).
#pragma once

#include <vector>

#include "kernels/matmul/stream_probe.hpp"
#include "topology/chip.hpp"
#include "topology/quantity.hpp"

namespace bench {

/// Seconds of a loop that all threads run at once, each on its own operands.
struct ComputeRoof {
  topology::DataType type = topology::DataType::f32;
  int threads = 1;
  topology::Flops work;  ///< of one sample, all threads
  std::vector<double> seconds;

  [[nodiscard]] topology::FlopsPerSecond rate() const;   ///< of the fastest sample
  [[nodiscard]] topology::FlopsPerSecond usual() const;  ///< of the median
};

struct MemoryRoof {
  kernels::Stream stream = kernels::Stream::read;
  int threads = 1;
  topology::Bytes moved;
  std::vector<double> seconds;

  [[nodiscard]] topology::BytesPerSecond rate() const;
};

/// Chains of multiply-adds in registers, some 100 ms by default.
[[nodiscard]] ComputeRoof probe_compute(topology::DataType type, int threads, int samples = 40);

/// Arrays of several times what the last-level cache holds for them, to stream over again and
/// again.
class MemoryProbe {
 public:
  static constexpr int usual_samples = 12;

  /// Each thread touches its part first, so that it lies in its memory.
  explicit MemoryProbe(int threads);

  [[nodiscard]] MemoryRoof probe(kernels::Stream stream, int samples = usual_samples);

 private:
  struct Arrays {
    std::vector<double> a, b, c;
  };

  std::vector<Arrays> arrays_;  ///< of each thread
};

/// Some 100 ms.
[[nodiscard]] MemoryRoof probe_memory(kernels::Stream stream,
                                      int threads,
                                      int samples = MemoryProbe::usual_samples);

[[nodiscard]] const char* name(kernels::Stream stream);

}  // namespace bench
