// Google Benchmark of the CPU matmul. RAINIER_MATMUL_THREADS sets the threads of a matmul (1): it
// runs under any launcher and --benchmark_* flags stay Google's.
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/suites/matmul_cases.hpp"
#include "bench/suites/matmul_suite.hpp"
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
  std::vector<char*> arguments = with_defaults(argc, argv);
  const auto count = static_cast<int>(arguments.size());
  return bench::run_matmul_suite(count, arguments.data(), 1, [](int threads) {
    benchmark::AddCustomContext("simd_target", kernels::simd_target());
    bench::register_matmul(bench::matmul_cases(bench::matmul_shapes()), threads);
  });
}
