// Matmuls of few rows, whose time is that of reading B, against streaming loops: every round runs
// each of them once, in rotating order. An iteration of Google Benchmark is a round; its time is
// that of the matmul, which finds nothing of B in a cache after the streams.
//
//   bytes/s                    of the compulsory traffic: A, B and C once
//   stream_bytes/s             of the faster loop, a sum or the triad of STREAM; its name follows
//   stream_fraction            one over the other, median over rounds
//   stream_fraction_low, _high its 95 % interval, by bootstrap over rounds
//
// RAINIER_MATMUL_THREADS sets the threads (1).
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "bench/executor/statistics.hpp"
#include "bench/suites/host_roofs.hpp"
#include "bench/suites/matmul_operands.hpp"
#include "bench/suites/matmul_suite.hpp"

namespace {

using bench::median;
using kernels::Gemm;
using kernels::Stream;

constexpr std::array<std::int64_t, 5> rows{1, 2, 4, 8, 16};
constexpr int rounds = 40;

/// Bytes per second, one a round.
using Rates = std::vector<double>;

void count(benchmark::State& state, const Rates& ours, const Rates& read, const Rates& triad) {
  const bool reads = median(read) > median(triad);
  const Rates& stream = reads ? read : triad;
  const std::vector<double> fraction = bench::ratios(ours, stream);
  const bench::Interval interval = bench::median_interval(fraction);
  state.counters["bytes/s"] = median(ours);
  state.counters["stream_bytes/s"] = median(stream);
  state.counters["stream_fraction"] = median(fraction);
  state.counters["stream_fraction_low"] = interval.low;
  state.counters["stream_fraction_high"] = interval.high;
  state.SetLabel(bench::name(reads ? Stream::read : Stream::triad));
}

template <class T>
void run(benchmark::State& state, const Gemm& shape, int threads) {
  bench::Operands<T> operands(shape);
  operands.blocked(threads);  // allocates the scratch of each thread
  bench::MemoryProbe memory(threads);
  const auto streamed = [&memory](Stream stream) { return memory.probe(stream, 1).rate().value(); };
  std::array<Rates, 3> rates;
  double time = 0;
  const auto matmul = [&] {
    time = bench::seconds([&] { operands.blocked(threads); });
    return shape.bytes().value() / time;
  };
  std::size_t round = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < rates.size(); ++i) {
      const std::size_t arm = (i + round) % rates.size();
      rates[arm].push_back(arm == 0   ? matmul()
                           : arm == 1 ? streamed(Stream::read)
                                      : streamed(Stream::triad));
    }
    state.SetIterationTime(time);
    ++round;
  }
  count(state, rates[0], rates[1], rates[2]);
}

template <class T>
void register_type(int threads) {
  for (const std::int64_t m : rows) {
    const Gemm shape{.m = m, .n = 4096, .k = 4096, .type = T::type};
    benchmark::RegisterBenchmark(
        fmt::format("stream/{}/{}x{}x{}", topology::name(T::type), shape.m, shape.n, shape.k)
            .c_str(),
        [shape, threads](benchmark::State& state) { run<T>(state, shape, threads); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(rounds);
  }
}

}  // namespace

int main(int argc, char** argv) {
  return bench::run_matmul_suite(argc, argv, 1, [](int threads) {
    register_type<kernels::F32>(threads);
    register_type<kernels::F64>(threads);
    register_type<kernels::Bf16>(threads);
    register_type<kernels::I8>(threads);
  });
}
