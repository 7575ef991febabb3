#include "bench/suites/matmul_rounds.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/executor/measure.hpp"
#include "bench/executor/statistics.hpp"
#include "topology/chip.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

/// Cases that take turns. More would be further apart in time, but what is not finished when a run
/// is killed is lost.
constexpr std::size_t taking_turns = 8;

struct CaseSamples {
  Measurement timing;
  std::vector<double> cpu;
  std::vector<double> control;
};

/// Keeps the samples of each case, in whatever order they are finished.
class CaseReporter : public benchmark::BenchmarkReporter {
 public:
  explicit CaseReporter(std::size_t cases) : samples_(cases) {}

  bool ReportContext(const Context& /*context*/) override { return true; }

  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type != Run::RT_Iteration || run.error_occurred) continue;
      // A family is what one case has registered.
      CaseSamples& all = samples_.at(static_cast<std::size_t>(run.family_index));
      const auto iterations = static_cast<double>(run.iterations);
      all.timing.seconds.push_back(run.real_accumulated_time / iterations);
      all.cpu.push_back(run.cpu_accumulated_time / iterations);
      all.control.push_back(run.counters.at("control").value);
    }
  }

  [[nodiscard]] const std::vector<CaseSamples>& samples() const { return samples_; }

 private:
  std::vector<CaseSamples> samples_;
};

void run_in_turns(CaseReporter& reporter, int repetitions) {
  std::array<std::string, 4> flags{"rainier",
                                   fmt::format("--benchmark_repetitions={}", repetitions),
                                   "--benchmark_enable_random_interleaving=true",
                                   "--benchmark_min_time=0.05"};
  std::array<char*, 5> arguments{
      flags[0].data(), flags[1].data(), flags[2].data(), flags[3].data(), nullptr};
  int count = static_cast<int>(flags.size());
  benchmark::Initialize(&count, arguments.data());
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  benchmark::ClearRegisteredBenchmarks();
}

void print_heading() {
  fmt::print("#{:>9} {:>6} {:>7} {:>7} {:>7} {:>10} {:>10}\n",
             "kernel",
             "type",
             "m",
             "n",
             "k",
             "time (us)",
             "GFLOP/s");
}

void print_row(const MatmulCase& one, double time) {
  const kernels::Gemm& shape = one.shape;
  fmt::print("{:>10} {:>6} {:>7} {:>7} {:>7} {:>10.1f} {:>10.1f}\n",
             one.kernel(),
             topology::name(shape.type),
             shape.m,
             shape.n,
             shape.k,
             time * 1e6,
             shape.flops().value() / time / 1e9);
  std::fflush(stdout);
}

Table::Row row_of(const MatmulCase& one, int threads, const CaseSamples& samples) {
  const kernels::Gemm& shape = one.shape;
  const double time = samples.timing.median();
  return {one.kernel(),
          std::string(topology::name(shape.type)),
          one.label,
          shape.m,
          shape.n,
          shape.k,
          std::int64_t{threads},
          time,
          median(samples.cpu),
          shape.flops().value() / time,
          median(samples.control),
          shape.intensity().value()};
}

}  // namespace

void run_matmuls(Table& table, std::span<const MatmulCase> cases, const MatmulRounds& rounds) {
  print_heading();
  while (!cases.empty()) {
    const auto some = cases.first(std::min(taking_turns, cases.size()));
    cases = cases.subspan(some.size());
    register_matmul(some, rounds.threads);
    CaseReporter reporter(some.size());
    run_in_turns(reporter, rounds.repetitions);
    for (std::size_t i = 0; i < some.size(); ++i) {
      const CaseSamples& samples = reporter.samples()[i];
      if (samples.cpu.empty())
        throw topology::Error(topology::ErrorKind::internal, "a matmul has no samples");
      print_row(some[i], samples.timing.median());
      table.append(row_of(some[i], rounds.threads, samples), samples.timing.seconds);
    }
  }
}

}  // namespace bench
