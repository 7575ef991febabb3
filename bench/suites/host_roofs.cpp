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

MemoryProbe::MemoryProbe(int threads) : arrays_(static_cast<std::size_t>(threads)) {
  constexpr std::size_t elements = std::size_t{12} << 20U;  // 96 MiB an array
  const std::size_t each = elements / arrays_.size();
#pragma omp parallel num_threads(threads)
  {
    Arrays& mine = arrays_[static_cast<std::size_t>(omp_get_thread_num())];
    mine.a.assign(each, 0);
    mine.b.assign(each, 1);
    mine.c.assign(each, 2);
  }
}

MemoryRoof MemoryProbe::probe(kernels::Stream stream, int samples) {
  std::vector<topology::Bytes> moved(arrays_.size());
  MemoryRoof roof;
  roof.stream = stream;
  roof.threads = static_cast<int>(arrays_.size());
  roof.seconds = time_threads(roof.threads, samples, [&](int thread) {
    Arrays& mine = arrays_[static_cast<std::size_t>(thread)];
    moved[static_cast<std::size_t>(thread)] = kernels::run_stream(stream, mine.a, mine.b, mine.c);
  });
  for (const topology::Bytes of_thread : moved) roof.moved = roof.moved + of_thread;
  return roof;
}

MemoryRoof probe_memory(kernels::Stream stream, int threads, int samples) {
  return MemoryProbe(threads).probe(stream, samples);
}

const char* name(kernels::Stream stream) {
  return stream == kernels::Stream::read ? "read" : "triad";
}

}  // namespace bench
