#include "kernels/matmul/accelerator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "kernels/matmul/range.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

using topology::Bytes;
using topology::BytesPerSecond;
using topology::DataType;
using topology::Figure;
using topology::Flops;
using topology::FlopsPerSecond;
using topology::Hertz;
using topology::Seconds;

/// Fewest cycles between two matmul instructions (AWS Neuron NKI guide).
constexpr std::int64_t issue_cycles = 64;
/// Least of a tile of C that keeps the matrix units of a core busy: its elements, each of its
/// sides, and the contraction of one piece of it. Sizes that libraries use, chosen among such for
/// all GPUs together on results/published/matmul.csv.
constexpr std::int64_t least_area = 128L * 64;
constexpr std::int64_t least_side = 32;
constexpr std::int64_t least_depth = 64;

template <class Q>
Q value_or(const Figure<Q>& figure, Q otherwise) {
  return figure ? figure->value : otherwise;
}

std::int64_t count_or_one(const Figure<double>& figure) {
  return std::max<std::int64_t>(1, std::llround(value_or(figure, 1.0)));
}

/// Contraction in one pass. Narrow types put more of it in each cell: FP8 runs twice and MXFP8 four
/// times as fast because a pass covers 256 and 512 rows (AWS Neuron NKI guide). FP32 takes four
/// passes over the same 128 rows. Recognised from the roof: 2 tile_k tile_m FLOPs a cycle and core.
std::int64_t contraction(const TensorEngine& engine, std::int64_t tile_k) {
  if (tile_k == 1 || engine.clock.value() <= 0) return tile_k;
  const auto cells = static_cast<double>(tile_k * engine.tile_m * engine.cores);
  const double speedup = engine.roof.value() / (2 * cells * engine.clock.value());
  return tile_k * std::max<std::int64_t>(1, std::llround(speedup));
}

FlopsPerSecond required_rate(const topology::Chip& chip, DataType type) {
  const topology::ComputeRate& rate = chip.rate(type);
  const FlopsPerSecond roof = value_or(rate.roof, value_or(rate.peak, FlopsPerSecond()));
  if (roof.value() > 0) return roof;
  topology::usage_error("chip " + chip.name + " has no matmul rate for " + topology::name(type) +
                        ": set compute." + topology::name(type) + ".peak, or choose another type");
}

DataType stored_result(DataType type) {
  return type == DataType::fp8 || type == DataType::fp4 ? DataType::bf16 : type;
}

/// Cycles of streaming `moving` columns through one stationary tile.
std::int64_t columns(std::int64_t moving, std::int64_t tile_n) {
  const std::int64_t rest = moving % tile_n;
  return moving - rest + (rest == 0 ? 0 : std::max(rest, std::min(issue_cycles, tile_n)));
}

double padded_flops(double padded_k,
                    std::int64_t stationary,
                    std::int64_t moving,
                    const TensorEngine& engine) {
  double best = std::numeric_limits<double>::infinity();
  for (std::int64_t s = 1; s <= engine.cores; ++s) {
    if (engine.cores % s != 0) continue;
    const std::int64_t tiles = ceil_div(ceil_div(stationary, s), engine.tile_m);
    const std::int64_t streamed = columns(ceil_div(moving, engine.cores / s), engine.tile_n);
    const auto of_core = static_cast<double>(tiles * engine.tile_m * streamed);
    best = std::min(best, 2 * static_cast<double>(engine.cores) * padded_k * of_core);
  }
  return best;
}

Flops padded_flops(const Gemm& shape, const TensorEngine& engine) {
  const auto k = static_cast<double>(ceil_div(shape.k, engine.tile_k) * engine.tile_k);
  return Flops(std::min(padded_flops(k, shape.m, shape.n, engine),
                        padded_flops(k, shape.n, shape.m, engine)));
}

/// What the parts of a matmul take, one way of doing it.
struct PartTimes {
  Seconds compute;
  Seconds load;   ///< while computing
  Seconds store;  ///< after it

  [[nodiscard]] Seconds time() const { return std::max(compute, load) + store; }
};

bool faster(const PartTimes& a, const PartTimes& b) {
  return a.time() < b.time();
}

struct Job {
  const Gemm& shape;
  std::int64_t batch;
  const TensorEngine& engine;

  [[nodiscard]] double elements(std::int64_t rows, std::int64_t columns) const {
    return static_cast<double>(batch) * static_cast<double>(rows) * static_cast<double>(columns);
  }

  [[nodiscard]] Seconds memory(Bytes bytes) const {
    return bytes / (engine.memory_bandwidth * engine.memory_efficiency);
  }
};

PartTimes weight_stationary(const Job& job) {
  const TensorEngine& engine = job.engine;
  const Bytes bytes = job.shape.bytes(stored_result(job.shape.type));
  const auto batch = static_cast<double>(job.batch);
  return {batch * padded_flops(job.shape, engine) / (engine.roof * engine.efficiency),
          job.memory(batch * bytes),
          Seconds()};
}

/// One element of contraction in each of `height` x `width` elements of C, on one core.
Seconds step(const Job& job, std::int64_t height, std::int64_t width) {
  const TensorEngine& engine = job.engine;
  const auto cores = static_cast<double>(engine.cores);
  const auto elements = static_cast<double>(height * width);
  const Seconds compute = Flops(2 * cores * elements) / (engine.roof * engine.efficiency);
  if (engine.cache_bandwidth.value() <= 0) return compute;
  const auto edge = static_cast<double>(height + width);
  return std::max(compute,
                  cores * edge * topology::size_of(job.shape.type) / engine.cache_bandwidth);
}

/// Tiles of `height` x `width`, the contraction of each in the best number of pieces.
PartTimes tiled(const Job& job, std::int64_t height, std::int64_t width) {
  const Gemm& shape = job.shape;
  const std::int64_t tiles = job.batch * ceil_div(shape.m, height) * ceil_div(shape.n, width);
  const Seconds of_step = step(job, height, width);
  const Bytes partial = job.elements(shape.m, shape.n) * topology::size_of(accumulator(shape.type));
  const auto in_pieces = [&](std::int64_t pieces) {
    const std::int64_t waves = ceil_div(pieces * tiles, job.engine.cores);
    const std::int64_t depth = std::max(least_depth, ceil_div(shape.k, pieces));
    PartTimes work;
    work.compute = static_cast<double>(waves * depth) * of_step;
    work.load = job.memory((job.elements(shape.m, shape.k) + job.elements(shape.k, shape.n)) *
                           topology::size_of(shape.type));
    work.store =
        job.memory(job.elements(shape.m, shape.n) * topology::size_of(stored_result(shape.type)));
    if (pieces > 1) work.store += job.memory(static_cast<double>(2 * pieces) * partial);
    return work;
  };
  PartTimes best = in_pieces(1);
  for (std::int64_t pieces = 2; tiles > 0 && pieces / 2 * tiles < job.engine.cores; pieces *= 2)
    best = std::min(best, in_pieces(pieces), faster);
  return best;
}

PartTimes output_stationary(const Job& job) {
  const TensorEngine& engine = job.engine;
  PartTimes best = tiled(job, engine.tile_m, engine.tile_n);
  for (std::int64_t height = engine.tile_m; height >= least_side; height /= 2)
    for (std::int64_t width = engine.tile_n; width >= least_side; width /= 2)
      if (height * width >= least_area) best = std::min(best, tiled(job, height, width), faster);
  return best;
}

}  // namespace

TensorEngine tensor_engine(const topology::Chip& chip, DataType type) {
  if (!chip.memory_bandwidth)
    topology::usage_error("chip " + chip.name + " has no memory.bandwidth, which a matmul needs");
  const topology::ComputeRate& rate = chip.rate(type);
  TensorEngine engine{.roof = required_rate(chip, type)};
  engine.peak = value_or(rate.peak, engine.roof);
  engine.efficiency = value_or(rate.efficiency, 1.0);
  engine.clock = value_or(chip.tensor_clock, Hertz());
  engine.burst_clock = value_or(chip.burst_clock, engine.clock);
  engine.cores = count_or_one(chip.cores);
  engine.tile_m = count_or_one(chip.tile_m);
  engine.tile_n = count_or_one(chip.tile_n);
  engine.tile_k = contraction(engine, count_or_one(chip.tile_k));
  if (chip.tile_m && !chip.tile_k) engine.dataflow = Dataflow::output_stationary;
  engine.memory_bandwidth = chip.memory_bandwidth->value;
  engine.memory_efficiency = value_or(chip.memory_efficiency, 1.0);
  engine.cache_bandwidth = value_or(chip.cache_bandwidth, BytesPerSecond());
  engine.ramp = value_or(chip.ramp, Seconds());
  engine.launch = value_or(chip.launch, Seconds());
  return engine;
}

TensorEngine in_burst(TensorEngine engine) {
  if (engine.burst_clock <= engine.clock) return engine;
  engine.roof = engine.roof * (engine.burst_clock / engine.clock);
  engine.clock = engine.burst_clock;
  return engine;
}

GemmTime predict(const Gemm& shape, const TensorEngine& engine, std::int64_t batch) {
  if (shape.m < 0 || shape.n < 0 || shape.k < 0 || batch < 0)
    topology::usage_error("matmul: m, n, k and batch must not be negative");
  const Job job = {shape, batch, engine};
  const PartTimes work = engine.dataflow == Dataflow::output_stationary ? output_stationary(job)
                                                                        : weight_stationary(job);
  const Seconds ramped = work.compute + std::min(work.compute, 0.5 * engine.ramp);
  const auto times = static_cast<double>(batch);
  GemmTime t;
  t.compute = work.compute;
  t.memory = work.load + work.store;
  t.binding = ramped < t.memory ? GemmTime::Binding::memory : GemmTime::Binding::compute;
  t.ramp = std::max(ramped, work.load) - std::max(work.compute, work.load);
  t.time = engine.launch + std::max(ramped, work.load) + work.store;
  t.lower_bound =
      times * std::max(shape.flops() / engine.roof,
                       shape.bytes(stored_result(shape.type)) / engine.memory_bandwidth);
  return t;
}

}  // namespace kernels
