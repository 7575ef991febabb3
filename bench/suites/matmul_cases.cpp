#include "bench/suites/matmul_cases.hpp"

#include <array>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include "bench/suites/host_roofs.hpp"
#include "bench/suites/matmul_operands.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using benchmark::Counter;
using kernels::Gemm;
using topology::DataType;

/// The reference takes a second or so beyond this.
constexpr topology::Flops reference_limit(2.0 * 512 * 512 * 512);

/// So few rows that the time is that of reading B.
bool is_decoding(const Gemm& shape) {
  return shape.m <= 16 && shape.n * shape.k >= std::int64_t{4096} * 4096;
}

double probed_stream(int threads) {
  return std::max(probe_memory(kernels::Stream::read, threads).rate(),
                  probe_memory(kernels::Stream::triad, threads).rate())
      .value();
}

template <class T>
Gemm shape_of(const benchmark::State& state) {
  return {.m = state.range(0), .n = state.range(1), .k = state.range(2), .type = T::type};
}

void count(benchmark::State& state, const Gemm& shape) {
  constexpr auto rate = Counter::kIsIterationInvariantRate;
  state.counters["FLOP/s"] = Counter(shape.flops().value(), rate);
  state.counters["bytes/s"] = Counter(shape.bytes().value(), rate);
  state.counters["FLOP/byte"] = shape.intensity().value();
}

/// What the same threads do in registers right before and after a sample: the machine may be slower
/// for seconds, for reasons that it does not tell.
class Control {
 public:
  Control(DataType type, int threads) : type_(type), threads_(threads), before_(now()) {}

  void count(benchmark::State& state) const { state.counters["control"] = (before_ + now()) / 2; }

 private:
  [[nodiscard]] double now() const { return probe_compute(type_, threads_, 3).usual().value(); }

  DataType type_;
  int threads_;
  double before_;
};

template <class T>
void run_reference(benchmark::State& state) {
  const Gemm shape = shape_of<T>(state);
  Operands<T> operands(shape);
  const Control control(shape.type, 1);
  for (auto _ : state) {
    operands.reference();
    benchmark::DoNotOptimize(operands.c.data());
    benchmark::ClobberMemory();
  }
  control.count(state);
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
  const double peak = threads * probed_peak(shape.type);
  const double stream = is_decoding(shape) ? probed_stream(threads) : 0;
  const Control control(shape.type, threads);
  const double elapsed = seconds([&] {
    for (auto _ : state) {
      operands.blocked(threads);
      benchmark::DoNotOptimize(operands.c.data());
      benchmark::ClobberMemory();
    }
  });
  control.count(state);
  count(state, shape);
  const double time = elapsed / static_cast<double>(state.iterations());
  state.counters["peak_fraction"] = shape.flops().value() / time / peak;
  if (stream > 0) state.counters["stream_fraction"] = shape.bytes().value() / time / stream;
  if (reference > 0) state.counters["vs_reference"] = reference / time;
  state.SetLabel(kernels::simd_target(shape.type));
}

std::string label(DataType type, const char* kernel) {
  return std::string("matmul/") + topology::name(type) + "/" + kernel;
}

/// Of one shape; the first `left_out` of all are not registered.
template <class T>
void register_shape(const Gemm& s, int threads, std::int64_t& left_out) {
  // Rates are of real time; the CPU time of all threads stands beside it: others do not add to it.
  if (left_out-- <= 0)
    benchmark::RegisterBenchmark(label(s.type, "blocked").c_str(), &run_blocked<T>)
        ->ArgNames({"M", "N", "K", "T"})
        ->Args({s.m, s.n, s.k, threads})
        ->MeasureProcessCPUTime()
        ->UseRealTime();
  if (benchmarks_of(s) > 1 && left_out-- <= 0)
    benchmark::RegisterBenchmark(label(s.type, "reference").c_str(), &run_reference<T>)
        ->ArgNames({"M", "N", "K"})
        ->Args({s.m, s.n, s.k})
        ->MeasureProcessCPUTime()
        ->UseRealTime();
}

}  // namespace

std::vector<Gemm> matmul_shapes() {
  // Llama 3: 8B has hidden 4096, 32 query and 8 key-value heads of 128, feed-forward 14336; 70B has
  // 8192, 64, 8, 28672; 405B has 16384, 128, 8, 53248. GPT-3 175B has hidden 12288, 96 heads of
  // 128, feed-forward 49152. Shards are of 8 ranks; up and gate projections are one matmul.
  const std::array table{
      Gemm{256, 256, 256},     Gemm{512, 512, 512},    Gemm{1024, 1024, 1024},
      Gemm{2048, 2048, 2048},  Gemm{4096, 4096, 4096}, Gemm{8192, 8192, 8192},
      Gemm{512, 768, 4096},     // 8B query, key and value
      Gemm{512, 4096, 512},     // 8B attention output
      Gemm{512, 3584, 4096},    // 8B up and gate
      Gemm{512, 4096, 1792},    // 8B down
      Gemm{256, 1280, 8192},    // 70B query, key and value
      Gemm{256, 8192, 1024},    // 70B attention output
      Gemm{256, 7168, 8192},    // 70B up and gate
      Gemm{256, 8192, 3584},    // 70B down
      Gemm{256, 2304, 16384},   // 405B query, key and value
      Gemm{256, 16384, 2048},   // 405B attention output
      Gemm{256, 13312, 16384},  // 405B up and gate
      Gemm{256, 16384, 6656},   // 405B down
      Gemm{256, 4608, 12288},   // GPT-3 query, key and value
      Gemm{256, 12288, 1536},   // GPT-3 attention output
      Gemm{256, 6144, 12288},   // GPT-3 up
      Gemm{256, 12288, 6144},   // GPT-3 down
      Gemm{1, 4096, 4096},      // decoding one sequence
      Gemm{4, 4096, 4096},      // and some
      Gemm{16, 4096, 4096},
  };
  std::vector<Gemm> shapes;
  for (const DataType type : {DataType::f32, DataType::bf16, DataType::f64, DataType::i8})
    for (Gemm shape : table) {
      shape.type = type;
      shapes.push_back(shape);
    }
  return shapes;
}

void register_matmul(std::span<const Gemm> shapes, int threads, std::int64_t left_out) {
  for (const Gemm& shape : shapes) {
    switch (shape.type) {
      case DataType::f32:
        register_shape<kernels::F32>(shape, threads, left_out);
        break;
      case DataType::f64:
        register_shape<kernels::F64>(shape, threads, left_out);
        break;
      case DataType::bf16:
        register_shape<kernels::Bf16>(shape, threads, left_out);
        break;
      case DataType::i8:
        register_shape<kernels::I8>(shape, threads, left_out);
        break;
      default:
        check_multiplied(shape.type);
    }
  }
}

std::int64_t benchmarks_of(const Gemm& shape) {
  return shape.flops() > reference_limit ? 1 : 2;
}

std::int64_t benchmarks_of(std::span<const Gemm> shapes) {
  std::int64_t count = 0;
  for (const Gemm& shape : shapes) count += benchmarks_of(shape);
  return count;
}

void check_multiplied(DataType type) {
  for (const DataType known : {DataType::f32, DataType::f64, DataType::bf16, DataType::i8})
    if (type == known) return;
  topology::usage_error(std::string("the CPU multiplies f32, f64, bf16 and i8, not ") +
                        topology::name(type));
}

}  // namespace bench
