#include "bench/suites/matmul_cases.hpp"

#include <array>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

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
  if (reference > 0) state.counters["vs_reference"] = reference / time;
  state.SetLabel(kernels::simd_target(shape.type));
}

template <class T>
void register_case(const MatmulCase& one, int threads) {
  const Gemm& s = one.shape;
  const auto name = fmt::format("matmul/{}/{}", topology::name(s.type), one.kernel());
  auto* const benchmark = one.reference
                              ? benchmark::RegisterBenchmark(name.c_str(), &run_reference<T>)
                                    ->ArgNames({"M", "N", "K"})
                                    ->Args({s.m, s.n, s.k})
                              : benchmark::RegisterBenchmark(name.c_str(), &run_blocked<T>)
                                    ->ArgNames({"M", "N", "K", "T"})
                                    ->Args({s.m, s.n, s.k, threads});
  // Rates are of real time; the CPU time of all threads stands beside it: others do not add to it.
  benchmark->MeasureProcessCPUTime()->UseRealTime();
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

std::vector<MatmulCase> matmul_cases(std::span<const Gemm> shapes) {
  std::vector<MatmulCase> cases;
  for (const Gemm& shape : shapes) {
    cases.push_back({shape});
    if (shape.flops() <= reference_limit) cases.push_back({shape, true});
  }
  return cases;
}

void register_matmul(std::span<const MatmulCase> cases, int threads) {
  for (const MatmulCase& one : cases) switch (one.shape.type) {
      case DataType::f32:
        register_case<kernels::F32>(one, threads);
        break;
      case DataType::f64:
        register_case<kernels::F64>(one, threads);
        break;
      case DataType::bf16:
        register_case<kernels::Bf16>(one, threads);
        break;
      case DataType::i8:
        register_case<kernels::I8>(one, threads);
        break;
      default:
        check_multiplied(one.shape.type);
    }
}

void check_multiplied(DataType type) {
  for (const DataType known : {DataType::f32, DataType::f64, DataType::bf16, DataType::i8})
    if (type == known) return;
  topology::usage_error(std::string("the CPU multiplies f32, f64, bf16 and i8, not ") +
                        topology::name(type));
}

}  // namespace bench
