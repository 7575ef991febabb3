#include "bench/suites/matmul_suite.hpp"

#include <charconv>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/suites/matmul_operands.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

int threads_or(int otherwise) {
  const char* const set = std::getenv("RAINIER_MATMUL_THREADS");
  if (set == nullptr) return otherwise;
  const std::string_view text = set;
  int threads = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc{} || end != text.data() + text.size() || threads < 1)
    topology::usage_error(
        fmt::format("RAINIER_MATMUL_THREADS: expected a number of threads, not \"{}\"", text));
  return threads;
}

}  // namespace

int run_matmul_suite(int argc,
                     char** argv,
                     int threads,
                     const std::function<void(int threads)>& add_benchmarks) {
  try {
    threads = threads_or(threads);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    benchmark::AddCustomContext("matmul_threads", std::to_string(threads));
    if (halves_bytes(topology::DataType::i8))
      benchmark::AddCustomContext("i8 operands", "u8 up to 127: sums of larger ones saturate");
    add_benchmarks(threads);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
  return 0;
}

}  // namespace bench
