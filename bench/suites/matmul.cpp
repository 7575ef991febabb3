// Google Benchmark of the CPU matmul. RAINIER_MATMUL_THREADS sets the threads of a matmul (1): it
// runs under any launcher and --benchmark_* flags stay Google's.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/suites/matmul_cases.hpp"
#include "kernels/matmul/blocked.hpp"

namespace {

/// Medians of five, unless the command line says otherwise: the last of two flags counts.
std::vector<char*> with_defaults(int argc, char** argv) {
  static std::string repetitions = "--benchmark_repetitions=5";
  static std::string medians = "--benchmark_report_aggregates_only=true";
  std::vector<char*> all(argv, argv + argc);
  all.insert(all.begin() + 1, {repetitions.data(), medians.data()});
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const char* const text = std::getenv("RAINIER_MATMUL_THREADS");
    const int threads = text == nullptr ? 1 : std::stoi(text);
    std::vector<char*> arguments = with_defaults(argc, argv);
    int count = static_cast<int>(arguments.size());
    benchmark::Initialize(&count, arguments.data());
    if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
    benchmark::AddCustomContext("simd_target", kernels::simd_target());
    benchmark::AddCustomContext("matmul_threads", std::to_string(threads));
    bench::register_matmul(bench::matmul_cases(bench::matmul_shapes()), threads);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
  return 0;
}
