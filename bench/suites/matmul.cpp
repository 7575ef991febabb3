// Google Benchmark of the CPU matmul. RAINIER_MATMUL_THREADS sets the threads of a matmul (1): it
// runs under any launcher and --benchmark_* flags stay Google's.
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/suites/matmul_cases.hpp"
#include "kernels/matmul/blocked.hpp"

int main(int argc, char** argv) {
  try {
    const char* const text = std::getenv("RAINIER_MATMUL_THREADS");
    const int threads = text == nullptr ? 1 : std::stoi(text);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::AddCustomContext("simd_target", kernels::simd_target());
    benchmark::AddCustomContext("matmul_threads", std::to_string(threads));
    bench::register_matmul(bench::matmul_shapes(), threads);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
  return 0;
}
