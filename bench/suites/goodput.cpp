// How fast failures are simulated: one run after the other on one thread, by its CPU time, and 100
// runs at a time on all threads, by the clock on the wall, which other load on the machine
// lengthens.
//
// Sample run: build/release/bench_goodput
#include "kernels/reliability/goodput.hpp"

#include <array>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/reliability/runs.hpp"

namespace {

using kernels::Recovery;
using kernels::Reliability;
using topology::Seconds;

struct Case {
  const char* name;
  Recovery recovery;
  bool spares;
  double shape;
};

constexpr std::array cases{
    Case{"restart", Recovery::restart, false, 1},
    Case{"restart/spares", Recovery::restart, true, 1},
    Case{"restart/weibull", Recovery::restart, false, 0.7},
    Case{"replica", Recovery::replica, false, 1},
    Case{"replica/spares", Recovery::replica, true, 1},
};

/// 524,288 chips at the rate of Llama 3's: 248 failures a day.
Reliability job_of(const Case& what) {
  Reliability job;
  job.chips = 524288;
  job.rate = topology::Hertz(1.973e-5 / 3600);
  job.shape = what.shape;
  job.recovery = what.recovery;
  job.unit = 64;
  job.replica = 1024;
  job.detection = Seconds(10);
  job.restart = Seconds(40);
  job.reload = Seconds(10);
  job.regrouping = Seconds(10);
  job.saving = Seconds(5);
  job.repair = Seconds(8 * 3600);
  job.replaced = 0.8;
  if (what.spares) job.spare = 80;
  job.interval = kernels::best_interval(job);
  return job;
}

void count(benchmark::State& state, std::int64_t failures) {
  state.counters["failures/s"] =
      benchmark::Counter(static_cast<double>(failures), benchmark::Counter::kIsRate);
}

const Seconds duration(30 * 86400);

/// Without a parallel region: its barrier would wait for threads that have nothing to do.
void one_thread(benchmark::State& state, const Case& what) {
  const Reliability job = job_of(what);
  std::int64_t failures = 0;
  std::uint64_t number = 0;
  for (auto _ : state) failures += kernels::simulate_run(job, duration, 1, number++).failures;
  count(state, failures);
}

void all_threads(benchmark::State& state, const Case& what) {
  const Reliability job = job_of(what);
  std::int64_t failures = 0;
  std::uint64_t seed = 0;
  for (auto _ : state)
    for (const kernels::Run& one : bench::simulate_runs(job, duration, 100, ++seed))
      failures += one.failures;
  count(state, failures);
}

}  // namespace

int main(int argc, char** argv) {
  for (const Case& what : cases) {
    const std::string name = std::string("goodput/") + what.name;
    benchmark::RegisterBenchmark((name + "/one_thread").c_str(), [&what](benchmark::State& state) {
      one_thread(state, what);
    })->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark((name + "/all_threads").c_str(),
                                 [&what](benchmark::State& state) { all_threads(state, what); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
