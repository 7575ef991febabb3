// Our matmul on all threads and on narrower vector units, against itself on one thread: every round
// runs each arm once, in rotating order. An iteration of Google Benchmark is a round; its time is
// that of one thread.
//
//   efficiency                  time of one thread over threads times that of all threads, median
//   efficiency_low, _high       its 95 % interval, by bootstrap over rounds
//   peak_fraction               of one thread, of the peak that is probed in every round
//   avx2_peak_fraction          of what AVX2 alone reaches, of the peak of AVX2
//
// RAINIER_MATMUL_THREADS sets the threads (as many as there are cores).
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <hwy/targets.h>
#include <unistd.h>

#include "bench/executor/statistics.hpp"
#include "bench/suites/matmul_operands.hpp"
#include "bench/suites/matmul_suite.hpp"

namespace {

using bench::median;
using kernels::Gemm;

constexpr std::array shapes{Gemm{512, 512, 512},
                            Gemm{1024, 1024, 1024},
                            Gemm{2048, 2048, 2048},
                            Gemm{4096, 4096, 4096},
                            Gemm{512, 4096, 4096},
                            Gemm{2048, 1024, 4096},
                            Gemm{8192, 1024, 4096},
                            Gemm{64, 4096, 4096}};

bool has_avx2() {
  return (hwy::SupportedTargets() & HWY_AVX2) != 0;
}

/// As a CPU without AVX-512 would.
double on_avx2(const std::function<double()>& work) {
  const auto choose = [](std::int64_t targets) {
    hwy::SetSupportedTargetsForTest(targets);
    hwy::GetChosenTarget().DeInit();  // else the choice of the first call stays
  };
  choose(HWY_AVX2);
  const double result = work();
  choose(0);
  return result;
}

/// One way to run the matmul; a round's rate over the peak of the same round.
struct Arm {
  std::function<double()> multiply;  ///< seconds
  std::function<double()> peak;
  std::vector<double> seconds;
  std::vector<double> fractions;
};

template <class T>
std::vector<Arm> arms_of(bench::Operands<T>& operands, int threads) {
  const auto run = [&operands](int on) {
    return bench::seconds([&operands, on] { operands.blocked(on); });
  };
  const auto peak = [type = operands.shape.type] { return bench::probed_peak(type); };
  std::vector<Arm> arms;
  arms.push_back({[run] { return run(1); }, peak, {}, {}});
  arms.push_back({[run, threads] { return run(threads); },
                  [peak, threads] { return threads * peak(); },
                  {},
                  {}});
  if (has_avx2())
    arms.push_back({[run] { return on_avx2([run] { return run(1); }); },
                    [peak] { return on_avx2(peak); },
                    {},
                    {}});
  return arms;
}

void count(benchmark::State& state, const Gemm& shape, const std::vector<Arm>& arms, int threads) {
  std::vector<double> all = arms[1].seconds;
  for (double& seconds : all) seconds *= threads;
  const std::vector<double> efficiency = bench::ratios(arms[0].seconds, all);
  const bench::Interval interval = bench::median_interval(efficiency);
  state.counters["FLOP/s"] = shape.flops().value() / median(arms[0].seconds);
  state.counters["efficiency"] = median(efficiency);
  state.counters["efficiency_low"] = interval.low;
  state.counters["efficiency_high"] = interval.high;
  state.counters["peak_fraction"] = median(arms[0].fractions);
  if (arms.size() > 2) state.counters["avx2_peak_fraction"] = median(arms[2].fractions);
}

template <class T>
void run(benchmark::State& state, Gemm shape, int threads) {
  shape.type = T::type;
  bench::Operands<T> operands(shape);
  std::vector<Arm> arms = arms_of(operands, threads);
  for (Arm& arm : arms) arm.multiply();  // allocates the scratch of each thread
  std::size_t round = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < arms.size(); ++i) {
      Arm& arm = arms[(i + round) % arms.size()];
      const double peak = arm.peak();
      arm.seconds.push_back(arm.multiply());
      arm.fractions.push_back(shape.flops().value() / arm.seconds.back() / peak);
    }
    state.SetIterationTime(arms.front().seconds.back());
    ++round;
  }
  count(state, shape, arms, threads);
}

template <class T>
void register_type(int threads) {
  for (const Gemm& shape : shapes)
    benchmark::RegisterBenchmark(
        fmt::format("threads/{}/{}x{}x{}", topology::name(T::type), shape.m, shape.n, shape.k)
            .c_str(),
        [shape, threads](benchmark::State& state) { run<T>(state, shape, threads); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(bench::rounds_for(shape, 7));
}

/// Threads that are left to themselves often start on one core, and share it for milliseconds.
/// libgomp reads its variables before main.
void bind_threads(char** argv) {
  if (std::getenv("OMP_PROC_BIND") != nullptr) return;
  setenv("OMP_PROC_BIND", "true", 0);
  setenv("OMP_PLACES", "cores", 0);
  execv("/proc/self/exe", argv);  // returns only if it fails: then as it is
}

}  // namespace

int main(int argc, char** argv) {
  bind_threads(argv);
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  return bench::run_matmul_suite(argc, argv, cores, [](int threads) {
    register_type<kernels::F32>(threads);
    register_type<kernels::F64>(threads);
    register_type<kernels::Bf16>(threads);
    register_type<kernels::I8>(threads);
  });
}
