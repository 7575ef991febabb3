// How long it takes to run a clock for each of 524,288 chips. `share_of_goal` below 1 meets the
// goal.
//
//   goal                                                               seconds
//   all-reduce, halving over all levels, noise on every step           0.05
//   all-reduce, ring over 64 chips and over 8,192 UltraServers         1
//   the same with uniform noise on each of its 8.6e9 updates           1
//   the same with exponential noise                                    1
//   one flat ring through all chips, uniform noise on 5.5e11 updates   60
//   the same with exponential noise                                    60
//
// Sample run: build/release/bench_clock
#include "bench/clock/clock.hpp"

#include <array>
#include <chrono>

#include <benchmark/benchmark.h>

#include "kernels/collective/algorithms.hpp"
#include "topology/machine.hpp"

namespace {

struct Case {
  const char* name;
  const char* algorithm;
  const char* noise;  ///< empty for none
  double goal;        ///< seconds
};

constexpr const char* halving = "rhd(x,y,z)+rhd(efa;ports=1)";
constexpr const char* rings = "ring(x)+ring(y)+ring(z)+ring(efa)";
constexpr const char* flat = "ring(all)";

constexpr std::array cases{
    Case{"rhd", halving, "", 0.05},
    Case{"rhd/noise", halving, "exponential:1 us", 0.05},
    Case{"rhd+doubling/noise", "rhd(x,y,z)+doubling(efa)", "exponential:1 us", 0.05},
    Case{"ring+ring", rings, "", 1},
    Case{"ring+ring/uniform", rings, "uniform:0 us:2 us", 1},
    Case{"ring+ring/noise", rings, "exponential:1 us", 1},
    Case{"flat/uniform", flat, "uniform:0 us:2 us", 60},
    Case{"flat/noise", flat, "exponential:1 us", 60},
};

/// Project Rainier with one tier above the UltraServers, or with nothing but that tier.
topology::Machine machine_for(const Case& what) {
  topology::Machine machine = topology::load_system("rainier");
  machine.levels.resize(4);
  machine.levels[3].name = "efa";
  machine.levels[3].extent = 8192;
  if (what.algorithm != flat) return machine;
  machine.levels.erase(machine.levels.begin(), machine.levels.begin() + 3);
  machine.levels[0].name = "all";
  machine.levels[0].extent = 524288;
  return machine;
}

void run(benchmark::State& state, const Case& what) {
  const topology::Machine machine = machine_for(what);
  const auto schedule = kernels::build(kernels::Collective::all_reduce, machine, what.algorithm);
  bench::ClockOptions options;
  if (*what.noise != '\0') options.noise = bench::Noise::parse(what.noise);
  bench::ClockResult last;
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    last = bench::run_clock(schedule, machine, topology::Bytes(1 << 30), options);
    benchmark::DoNotOptimize(last.finish.data());
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const double seconds = elapsed.count() / static_cast<double>(state.iterations());
  const auto updates = static_cast<double>(machine.chips() * last.steps);
  state.counters["chips"] = static_cast<double>(machine.chips());
  state.counters["steps"] = static_cast<double>(last.steps);
  state.counters["updates/s"] = updates / seconds;
  state.counters["share_of_goal"] = seconds / what.goal;
}

}  // namespace

int main(int argc, char** argv) {
  for (const Case& what : cases)
    benchmark::RegisterBenchmark((std::string("clock/") + what.name).c_str(),
                                 [&what](benchmark::State& state) { run(state, what); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
