#include "bench/suites/host_roofs.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>

#include <omp.h>

#include "bench/executor/statistics.hpp"
#include "bench/suites/matmul_operands.hpp"
#include "kernels/matmul/fma_probe.hpp"

namespace bench {
namespace {

constexpr int memory_samples = 12;

double fastest(const std::vector<double>& seconds) {
  return *std::min_element(seconds.begin(), seconds.end());
}

/// From when the first thread may begin until the last one has ended.
std::vector<double> time_threads(int threads, int samples, const std::function<void(int)>& work) {
  std::vector<double> all;
  for (int s = 0; s < samples; ++s) {
    double elapsed = 0;
#pragma omp parallel num_threads(threads)
    {
#pragma omp barrier
      const double start = omp_get_wtime();
      work(omp_get_thread_num());
      const double mine = omp_get_wtime() - start;
#pragma omp critical
      elapsed = std::max(elapsed, mine);
    }
    all.push_back(elapsed);
  }
  return all;
}

}  // namespace

topology::FlopsPerSecond ComputeRoof::rate() const {
  return work / topology::Seconds(fastest(seconds));
}

topology::FlopsPerSecond ComputeRoof::usual() const {
  return work / topology::Seconds(median(seconds));
}

topology::BytesPerSecond MemoryRoof::rate() const {
  return moved / topology::Seconds(fastest(seconds));
}

// Many short ones: all threads must be undisturbed in one of them.
ComputeRoof probe_compute(topology::DataType type, int threads, int samples) {
  constexpr std::int64_t steps = 50'000;
  ComputeRoof roof;
  roof.type = type;
  roof.threads = threads;
  std::vector<topology::Flops> work(static_cast<std::size_t>(threads));
  roof.seconds = time_threads(threads, samples, [&](int thread) {
    work[static_cast<std::size_t>(thread)] = kernels::run_fma_chains(type, steps);
  });
  for (const topology::Flops of_thread : work) roof.work = roof.work + of_thread;
  return roof;
}

MemoryRoof probe_memory(kernels::Stream stream, int threads) {
  constexpr std::size_t elements = std::size_t{12} << 20U;  // 96 MiB an array

  struct Arrays {
    std::vector<double> a, b, c;
  };

  std::vector<Arrays> arrays(static_cast<std::size_t>(threads));
  std::vector<topology::Bytes> moved(arrays.size());
  const std::size_t each = elements / arrays.size();
  const bool all = stream == kernels::Stream::triad;
#pragma omp parallel num_threads(threads)
  {
    // Each thread touches its own first, so that they lie in its memory.
    Arrays& mine = arrays[static_cast<std::size_t>(omp_get_thread_num())];
    mine.b.assign(each, 1);
    mine.a.assign(all ? each : 0, 0);
    mine.c.assign(all ? each : 0, 2);
  }
  MemoryRoof roof;
  roof.stream = stream;
  roof.threads = threads;
  roof.seconds = time_threads(threads, memory_samples, [&](int thread) {
    Arrays& mine = arrays[static_cast<std::size_t>(thread)];
    moved[static_cast<std::size_t>(thread)] = kernels::run_stream(stream, mine.a, mine.b, mine.c);
  });
  for (const topology::Bytes of_thread : moved) roof.moved = roof.moved + of_thread;
  return roof;
}

const char* name(kernels::Stream stream) {
  return stream == kernels::Stream::read ? "read" : "triad";
}

}  // namespace bench
