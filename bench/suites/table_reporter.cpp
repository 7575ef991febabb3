#include "bench/suites/table_reporter.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <fmt/format.h>

#include "bench/executor/measure.hpp"
#include "bench/executor/statistics.hpp"
#include "kernels/matmul/gemm.hpp"
#include "topology/chip.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

struct Name {
  std::string kernel;
  kernels::Gemm shape;
};

/// "matmul/f32/blocked/M:512/N:512/K:512"
Name parse(const std::string& text) {
  std::array<char, 16> type{};
  std::array<char, 32> kernel{};
  long m = 0;
  long n = 0;
  long k = 0;
  const int read = std::sscanf(text.c_str(),
                               "matmul/%15[^/]/%31[^/]/M:%ld/N:%ld/K:%ld",
                               type.data(),
                               kernel.data(),
                               &m,
                               &n,
                               &k);
  if (read != 5)
    throw topology::Error(topology::ErrorKind::internal,
                          "benchmark '" + text + "' is not named matmul/TYPE/KERNEL/M:_/N:_/K:_");
  return {kernel.data(), {m, n, k, topology::data_type(type.data())}};
}

}  // namespace

bool TableReporter::ReportContext(const Context& /*context*/) {
  fmt::print("#{:>9} {:>6} {:>7} {:>7} {:>7} {:>10} {:>10}\n",
             "kernel",
             "type",
             "m",
             "n",
             "k",
             "time (us)",
             "GFLOP/s");
  return true;
}

void TableReporter::ReportRuns(const std::vector<Run>& runs) {
  Measurement timing;
  std::vector<double> cpu;
  std::vector<double> control;
  for (const Run& run : runs)
    if (run.run_type == Run::RT_Iteration && !run.error_occurred) {
      timing.seconds.push_back(run.real_accumulated_time / static_cast<double>(run.iterations));
      cpu.push_back(run.cpu_accumulated_time / static_cast<double>(run.iterations));
      control.push_back(run.counters.at("control").value);
    }
  if (timing.seconds.empty()) return;
  const auto& run = runs.front().run_name;
  const Name name = parse(run.function_name + "/" + run.args);
  const kernels::Gemm& shape = name.shape;
  const double rate = shape.flops().value() / timing.median();
  fmt::print("{:>10} {:>6} {:>7} {:>7} {:>7} {:>10.1f} {:>10.1f}\n",
             name.kernel,
             topology::name(shape.type),
             shape.m,
             shape.n,
             shape.k,
             timing.median() * 1e6,
             rate / 1e9);
  std::fflush(stdout);
  const Table::Row row{name.kernel,
                       std::string(topology::name(shape.type)),
                       std::string(),
                       shape.m,
                       shape.n,
                       shape.k,
                       std::int64_t{threads_},
                       timing.median(),
                       median(cpu),
                       rate,
                       median(control),
                       shape.intensity().value()};
  table_->append(row, timing.seconds);
}

void run_registered(TableReporter& reporter, int repetitions) {
  std::array<std::string, 3> flags{"rainier",
                                   fmt::format("--benchmark_repetitions={}", repetitions),
                                   "--benchmark_min_time=0.05"};
  std::array<char*, 4> arguments{flags[0].data(), flags[1].data(), flags[2].data(), nullptr};
  int count = 3;
  benchmark::Initialize(&count, arguments.data());
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
}

}  // namespace bench
