// Our matmul against the libraries of this machine: every round runs each of them once, in rotating
// order, in one process. An iteration of Google Benchmark is a round; its time is ours.
//
//   vs_best            time of the fastest library that takes B as it comes, as we do, over ours,
//                      median over rounds; above 1 we are ahead
//   vs_best_low, _high its 95 % interval, by bootstrap over rounds: a tie where it holds 1
//   vs_NAME            the same of one library; "prepacked": what it makes of B first is not timed
//   packed_vs_packed   the fastest library with B prepacked over ours with B prepacked
//   peak_fraction      of the peak that is probed in every round; packed_peak_fraction likewise
//
// RAINIER_MATMUL_THREADS sets the threads (1). scripts/setup.sh --peers installs the libraries.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <omp.h>

#include "bench/executor/statistics.hpp"
#include "bench/suites/matmul_operands.hpp"
#include "bench/suites/matmul_suite.hpp"
#include "bench/suites/peers.hpp"
#include "kernels/matmul/weights.hpp"
#include "topology/error.hpp"

namespace {

using bench::median;
using bench::Multiply;
using bench::Peer;
using bench::ratios;
using kernels::Gemm;

constexpr std::array shapes{Gemm{256, 256, 256},
                            Gemm{512, 512, 512},
                            Gemm{1024, 1024, 1024},
                            Gemm{2048, 2048, 2048},
                            Gemm{4096, 4096, 4096},
                            Gemm{512, 4096, 4096},
                            Gemm{2048, 1024, 4096},
                            Gemm{2048, 4096, 1024},
                            Gemm{2048, 12288, 4096},
                            Gemm{8192, 1024, 4096},
                            Gemm{512, 2048, 16384},
                            Gemm{64, 4096, 4096},
                            Gemm{16, 4096, 4096},
                            Gemm{1, 4096, 4096}};

struct Arm {
  std::string name;
  bool ours = false;
  bool prepacked = false;
  Multiply multiply;
  std::vector<double> seconds;
};

/// Geometric means over shapes are made of these at the end.
std::map<std::string, std::vector<double>> logarithms;

/// A library whose result is another is none to compare with. Operands are below 1, so k terms of
/// either order differ by less than 2 k^2 u.
template <class C>
void expect_same(const bench::Elements<C>& ours,
                 const bench::Elements<C>& theirs,
                 const Gemm& s,
                 const std::string& name) {
  const double u = std::is_integral_v<C> ? 0 : std::numeric_limits<C>::epsilon() / 2;
  const double most = 2 * static_cast<double>(s.k) * static_cast<double>(s.k) * u;
  for (std::size_t i = 0; i < ours.size(); i += 97)
    if (!(std::abs(static_cast<double>(ours[i]) - static_cast<double>(theirs[i])) <= most))
      throw topology::Error(topology::ErrorKind::verdict,
                            fmt::format("{} gives {} where we have {}", name, theirs[i], ours[i]));
}

/// Ours, ours of packed weights, and the libraries.
template <class T>
std::vector<Arm> arms_of(bench::Operands<T>& operands,
                         bench::Elements<typename T::C>& theirs,
                         const std::vector<Peer>& peers,
                         int threads) {
  using Weights = kernels::Weights<typename T::A, typename T::B, typename T::C>;
  std::vector<Arm> arms{
      {"ours", true, false, [&operands, threads] { operands.blocked(threads); }, {}}};
  const auto weights = std::make_shared<Weights>(operands.shape, operands.b);
  arms.push_back({"ours prepacked",
                  true,
                  true,
                  [&operands, threads, weights] {
                    weights->multiply(operands.shape, operands.a, operands.c, threads);
                  },
                  {}});
  for (const Arm& arm : arms) arm.multiply();
  for (const Peer& peer : peers) {
    Multiply multiply =
        peer.prepare(operands.shape, operands.a.data(), operands.b.data(), theirs.data());
    if (!multiply) continue;
    std::fill(theirs.begin(), theirs.end(), typename T::C{});
    multiply();
    expect_same(operands.c, theirs, operands.shape, peer.name);
    arms.push_back({peer.name, false, peer.prepacked, std::move(multiply), {}});
  }
  return arms;
}

/// Enters a ratio into the counters and, unless it is of decoding, into the mean over shapes.
void compare(benchmark::State& state,
             const Gemm& shape,
             const std::string& name,
             const std::vector<double>& ratio) {
  state.counters[name] = median(ratio);
  if (shape.m >= 256)
    logarithms[fmt::format("{} {}", topology::name(shape.type), name)].push_back(
        std::log(median(ratio)));
}

const Arm* fastest(const std::vector<Arm>& arms, bool prepacked) {
  const Arm* best = nullptr;
  for (const Arm& arm : arms)
    if (!arm.ours && arm.prepacked == prepacked &&
        (best == nullptr || median(arm.seconds) < median(best->seconds)))
      best = &arm;
  return best;
}

/// Median over rounds of the rate over the peak that was probed in the same round: clocks drift.
double peak_fraction(const Gemm& shape, const Arm& arm, const std::vector<double>& peaks) {
  std::vector<double> all;
  for (std::size_t i = 0; i < peaks.size(); ++i)
    all.push_back(shape.flops().value() / arm.seconds[i] / peaks[i]);
  return median(all);
}

void count(benchmark::State& state,
           const Gemm& shape,
           const std::vector<Arm>& arms,
           const std::vector<double>& peaks) {
  const Arm& ours = arms[0];
  const Arm& packed = arms[1];
  state.counters["FLOP/s"] = shape.flops().value() / median(ours.seconds);
  state.counters["peak_fraction"] = peak_fraction(shape, ours, peaks);
  state.counters["packed_peak_fraction"] = peak_fraction(shape, packed, peaks);
  for (const Arm& arm : arms)
    if (!arm.ours) compare(state, shape, "vs_" + arm.name, ratios(arm.seconds, ours.seconds));
  if (const Arm* other = fastest(arms, true))
    compare(state, shape, "packed_vs_packed", ratios(other->seconds, packed.seconds));
  const Arm* best = fastest(arms, false);
  if (best == nullptr) return;
  compare(state, shape, "vs_best", ratios(best->seconds, ours.seconds));
  const bench::Interval interval = bench::median_interval(ratios(best->seconds, ours.seconds));
  state.counters["vs_best_low"] = interval.low;
  state.counters["vs_best_high"] = interval.high;
  state.SetLabel(best->name);
}

template <class T>
void run(benchmark::State& state, Gemm shape, const std::vector<Peer>& peers, int threads) {
  shape.type = T::type;
  bench::Operands<T> operands(shape);
  bench::Elements<typename T::C> theirs(operands.c.size());
  std::vector<Arm> arms = arms_of(operands, theirs, peers, threads);
  std::vector<double> peaks;
  std::size_t round = 0;
  for (auto _ : state) {
    peaks.push_back(threads * bench::probed_peak(shape.type));
    for (std::size_t i = 0; i < arms.size(); ++i) {
      Arm& arm = arms[(i + round) % arms.size()];
      arm.seconds.push_back(bench::seconds(arm.multiply));
    }
    state.SetIterationTime(arms.front().seconds.back());
    ++round;
  }
  count(state, shape, arms, peaks);
}

template <class T>
void register_type(int threads) {
  const std::vector<Peer> peers = bench::load_peers(T::type, threads);
  for (const Peer& peer : peers)
    if (!peer.prepacked)
      benchmark::AddCustomContext(fmt::format("{} {}", topology::name(T::type), peer.name),
                                  peer.version);
  for (const Gemm& shape : shapes)
    benchmark::RegisterBenchmark(
        fmt::format("peers/{}/{}x{}x{}", topology::name(T::type), shape.m, shape.n, shape.k)
            .c_str(),
        [shape, peers, threads](benchmark::State& state) { run<T>(state, shape, peers, threads); })
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond)
        ->Iterations(bench::rounds_for(shape, 5));
}

void print_means() {
  for (const auto& [name, values] : logarithms) {
    double sum = 0;
    for (const double value : values) sum += value;
    fmt::print("# geometric mean over {} shapes of 256 rows and more, {}: {:.3f}\n",
               values.size(),
               name,
               std::exp(sum / static_cast<double>(values.size())));
  }
}

}  // namespace

int main(int argc, char** argv) {
  bench::set_peer_environment(argv);
  const int code = bench::run_matmul_suite(argc, argv, 1, [](int threads) {
    omp_set_num_threads(threads);
    benchmark::AddCustomContext("environment", bench::peer_environment());
    register_type<kernels::F32>(threads);
    register_type<kernels::F64>(threads);
    register_type<kernels::Bf16>(threads);
    register_type<kernels::I8>(threads);
  });
  if (code == 0) print_means();
  return code;
}
