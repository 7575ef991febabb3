#include "bench/suites/matmul_cases.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>

#include <benchmark/benchmark.h>

#include "kernels/matmul/blocked.hpp"
#include "kernels/matmul/fma_probe.hpp"
#include "kernels/matmul/reference.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using benchmark::Counter;
using kernels::BFloat16;
using kernels::Gemm;
using topology::DataType;

/// The reference takes a second or so beyond this.
constexpr topology::Flops reference_limit(2.0 * 512 * 512 * 512);

std::size_t area(std::int64_t rows, std::int64_t cols) {
  return static_cast<std::size_t>(rows * cols);
}

template <class T>
struct Operands {
  explicit Operands(const Gemm& of)
      : shape(of), a(area(of.m, of.k)), b(area(of.k, of.n)), c(area(of.m, of.n)) {
    std::mt19937 generator(1);
    std::uniform_real_distribution<float> unit(-1, 1);
    std::generate(a.begin(), a.end(), [&] { return T(unit(generator)); });
    std::generate(b.begin(), b.end(), [&] { return T(unit(generator)); });
  }

  void blocked(int threads) { kernels::multiply(shape, a, b, c, threads); }

  void reference() { kernels::multiply_reference(shape, a, b, c); }

  Gemm shape;
  std::vector<T> a;
  std::vector<T> b;
  std::vector<float> c;
};

template <class Work>
double seconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The best of a few: anything else running only makes it slower.
double probed_peak() {
  constexpr std::int64_t steps = 50'000;
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    topology::Flops work;
    const double time = seconds([&] { work = kernels::run_fma_chains(steps); });
    best = std::max(best, work.value() / time);
  }
  return best;
}

template <class T>
Gemm shape_of(const benchmark::State& state) {
  constexpr bool single = std::is_same_v<T, float>;
  return {.m = state.range(0),
          .n = state.range(1),
          .k = state.range(2),
          .type = single ? DataType::f32 : DataType::bf16};
}

void count(benchmark::State& state, const Gemm& shape) {
  constexpr auto rate = Counter::kIsIterationInvariantRate;
  state.counters["FLOP/s"] = Counter(shape.flops().value(), rate);
  state.counters["bytes/s"] = Counter(shape.bytes().value(), rate);
  state.counters["FLOP/byte"] = shape.intensity().value();
}

template <class T>
void run_reference(benchmark::State& state) {
  const Gemm shape = shape_of<T>(state);
  Operands<T> operands(shape);
  for (auto _ : state) {
    operands.reference();
    benchmark::DoNotOptimize(operands.c.data());
    benchmark::ClobberMemory();
  }
  count(state, shape);
}

template <class T>
void run_blocked(benchmark::State& state) {
  const Gemm shape = shape_of<T>(state);
  const auto threads = static_cast<int>(state.range(3));
  Operands<T> operands(shape);
  operands.blocked(threads);  // allocates the scratch of each thread
  const double reference =
      shape.flops() <= reference_limit ? seconds([&] { operands.reference(); }) : 0;
  const double peak = threads * probed_peak();
  const double elapsed = seconds([&] {
    for (auto _ : state) {
      operands.blocked(threads);
      benchmark::DoNotOptimize(operands.c.data());
      benchmark::ClobberMemory();
    }
  });
  count(state, shape);
  const double time = elapsed / static_cast<double>(state.iterations());
  state.counters["peak_fraction"] = shape.flops().value() / time / peak;
  if (reference > 0) state.counters["vs_reference"] = reference / time;
  state.SetLabel(kernels::simd_target());
}

std::string label(DataType type, const char* kernel) {
  return std::string("matmul/") + topology::name(type) + "/" + kernel;
}

template <class T>
void register_shape(const Gemm& s, int threads) {
  // Real time: the CPU time of the main thread says nothing about the others.
  benchmark::RegisterBenchmark(label(s.type, "blocked").c_str(), &run_blocked<T>)
      ->ArgNames({"M", "N", "K", "T"})
      ->Args({s.m, s.n, s.k, threads})
      ->UseRealTime();
  if (s.flops() > reference_limit) return;
  benchmark::RegisterBenchmark(label(s.type, "reference").c_str(), &run_reference<T>)
      ->ArgNames({"M", "N", "K"})
      ->Args({s.m, s.n, s.k})
      ->UseRealTime();
}

}  // namespace

std::vector<Gemm> matmul_shapes() {
  // Llama 3: 8B has hidden 4096, 32 query and 8 key-value heads of 128, feed-forward 14336; 70B has
  // 8192, 64, 8, 28672. Shards are of 8 ranks; up and gate projections are one matmul.
  const std::array table{
      Gemm{256, 256, 256},
      Gemm{512, 512, 512},
      Gemm{1024, 1024, 1024},
      Gemm{2048, 2048, 2048},
      Gemm{512, 768, 4096},   // 8B query, key and value
      Gemm{512, 4096, 512},   // 8B attention output
      Gemm{512, 3584, 4096},  // 8B up and gate
      Gemm{512, 4096, 1792},  // 8B down
      Gemm{256, 1280, 8192},  // 70B query, key and value
      Gemm{256, 8192, 1024},  // 70B attention output
      Gemm{256, 7168, 8192},  // 70B up and gate
      Gemm{256, 8192, 3584},  // 70B down
      Gemm{1, 4096, 4096},    // decoding one sequence
      Gemm{16, 4096, 4096},   // and sixteen
  };
  std::vector<Gemm> shapes;
  for (const DataType type : {DataType::f32, DataType::bf16})
    for (Gemm shape : table) {
      shape.type = type;
      shapes.push_back(shape);
    }
  return shapes;
}

void register_matmul(std::span<const Gemm> shapes, int threads) {
  for (const Gemm& shape : shapes) {
    if (shape.type == DataType::f32)
      register_shape<float>(shape, threads);
    else if (shape.type == DataType::bf16)
      register_shape<BFloat16>(shape, threads);
    else
      topology::usage_error(std::string("the CPU multiplies f32 and bf16, not ") +
                            topology::name(shape.type));
  }
}

}  // namespace bench
