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
using topology::DataType;
using topology::Figure;
using topology::Flops;
using topology::FlopsPerSecond;
using topology::Seconds;

/// Fewest cycles between two matmul instructions (AWS Neuron NKI guide).
constexpr std::int64_t issue_cycles = 64;

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

}  // namespace

TensorEngine tensor_engine(const topology::Chip& chip, DataType type) {
  if (!chip.memory_bandwidth)
    topology::usage_error("chip " + chip.name + " has no memory.bandwidth, which a matmul needs");
  const topology::ComputeRate& rate = chip.rate(type);
  TensorEngine engine{.roof = required_rate(chip, type)};
  engine.peak = value_or(rate.peak, engine.roof);
  engine.efficiency = value_or(rate.efficiency, 1.0);
  engine.clock = value_or(chip.tensor_clock, topology::Hertz());
  engine.cores = count_or_one(chip.cores);
  engine.tile_m = count_or_one(chip.tile_m);
  engine.tile_n = count_or_one(chip.tile_n);
  engine.tile_k = contraction(engine, count_or_one(chip.tile_k));
  engine.memory_bandwidth = chip.memory_bandwidth->value;
  engine.memory_efficiency = value_or(chip.memory_efficiency, 1.0);
  engine.ramp = value_or(chip.ramp, Seconds());
  return engine;
}

GemmTime predict(const Gemm& shape, const TensorEngine& engine) {
  if (shape.m < 0 || shape.n < 0 || shape.k < 0)
    topology::usage_error("matmul: m, n and k must not be negative");
  const Bytes bytes = shape.bytes(stored_result(shape.type));
  GemmTime t;
  t.compute = padded_flops(shape, engine) / (engine.roof * engine.efficiency);
  t.memory = bytes / (engine.memory_bandwidth * engine.memory_efficiency);
  const Seconds ramped = t.compute + std::min(t.compute, 0.5 * engine.ramp);
  t.binding = ramped < t.memory ? GemmTime::Binding::memory : GemmTime::Binding::compute;
  t.time = std::max(ramped, t.memory);
  t.ramp = t.time - std::max(t.compute, t.memory);
  t.lower_bound = std::max(shape.flops() / engine.roof, bytes / engine.memory_bandwidth);
  return t;
}

}  // namespace kernels
