// How many plans a second a search goes through, all cores; the goal is a million, the floor
// 200,000. `share_of_goal` below 1 meets the goal.
//
// Sample run: build/release/bench_planning
#include <array>
#include <chrono>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/planning/search.hpp"
#include "bench/program/model_file.hpp"

namespace {

constexpr double goal_plans_per_second = 1e6;

struct Case {
  const char* model;
  std::int64_t chips;
  std::int64_t sequence;
  std::int64_t model_chips;  ///< tensor x context at most: a server or UltraServer
};

constexpr std::array cases{Case{"llama3-8b", 1024, 8192, 64},
                           Case{"llama3.1-405b", 65536, 8192, 64},
                           Case{"deepseek-v3", 16384, 4096, 64}};

void time_search(benchmark::State& state, const Case& of) {
  bench::Job job;
  job.model = bench::load_model(of.model);
  job.machine = topology::slice(topology::load_system("rainier"), of.chips);
  job.software = topology::load_software("default");
  job.plan.sequence = of.sequence;
  job.plan.batch = 16384;
  const kernels::PlanSpace space = whole_space(job, of.model_chips);
  bench::SearchResult found;
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    found = search(job, space);
    benchmark::DoNotOptimize(found.best.data());
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const auto plans = static_cast<double>(found.counts.plans * state.iterations());
  state.counters["plans"] = static_cast<double>(found.counts.plans);
  state.counters["predicted"] = static_cast<double>(found.counts.predicted);
  state.counters["plans_per_s"] = plans / elapsed.count();
  state.counters["share_of_goal"] = goal_plans_per_second * elapsed.count() / plans;
}

}  // namespace

int main(int argc, char** argv) {
  for (const Case& of : cases) {
    const std::string name = std::string("search/") + of.model + "/" + std::to_string(of.chips);
    benchmark::RegisterBenchmark(name.c_str(),
                                 [of](benchmark::State& state) { time_search(state, of); })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
