// Matmul on GPUs, against closed forms worked out by hand.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include <gtest/gtest.h>

#include "kernels/matmul/accelerator.hpp"
#include "topology/error.hpp"

namespace {

using kernels::Dataflow;
using kernels::Gemm;
using kernels::GemmTime;
using kernels::in_burst;
using kernels::predict;
using kernels::tensor_engine;
using kernels::TensorEngine;
using topology::BytesPerSecond;
using topology::DataType;
using topology::FlopsPerSecond;
using topology::Hertz;
using topology::Seconds;

constexpr std::int64_t cores = 100;
constexpr double rate_of_core = 1e12;
/// 128 x 128 elements of C, one of contraction, on one core.
constexpr double step = 2.0 * 128 * 128 / rate_of_core;

/// 100 cores that hold tiles of 128 x 128 or half of that; neither memory nor cache ever binds.
TensorEngine ideal() {
  TensorEngine engine;
  engine.roof = FlopsPerSecond(cores * rate_of_core);
  engine.peak = engine.roof;
  engine.tile_m = 128;
  engine.tile_n = 128;
  engine.clock = Hertz(1e9);
  engine.cores = cores;
  engine.dataflow = Dataflow::output_stationary;
  engine.memory_bandwidth = BytesPerSecond(1e18);
  return engine;
}

/// With the losses of a GPU.
TensorEngine real() {
  TensorEngine engine = ideal();
  engine.efficiency = 0.85;
  engine.memory_bandwidth = BytesPerSecond(2e12);
  engine.memory_efficiency = 0.85;
  engine.cache_bandwidth = BytesPerSecond(4e12);
  engine.launch = Seconds(5e-6);
  return engine;
}

Gemm gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {m, n, k, DataType::bf16};
}

double compute(const Gemm& shape, const TensorEngine& engine = ideal()) {
  return predict(shape, engine).compute.value();
}

TEST(OutputStationary, AWaveIsATileForEachCore) {
  EXPECT_DOUBLE_EQ(compute(gemm(1280, 1280, 1024)), 1024 * step);  // 10 x 10 tiles, 100 cores
  EXPECT_DOUBLE_EQ(compute(gemm(1280, 2560, 1024)), 2 * 1024 * step);
  EXPECT_DOUBLE_EQ(compute(gemm(1280, 1280, 100)), 100 * step);
}

/// 11 x 10 tiles are two waves of 128 x 128, but 21 x 10 tiles of 64 x 128 three of half the
/// length.
TEST(OutputStationary, OneTileMoreThanAWaveIsHalfAWaveMore) {
  EXPECT_DOUBLE_EQ(compute(gemm(1281, 1280, 1024)), 1.5 * 1024 * step);
  EXPECT_DOUBLE_EQ(compute(gemm(1280, 1281, 1024)), 1.5 * 1024 * step);
}

TEST(OutputStationary, WavesAreTheCeilingOfTilesOverCores) {
  TensorEngine whole = ideal();
  whole.tile_m = 128;
  whole.tile_n = 64;  // the least there is: no smaller tile to choose
  for (const std::int64_t m : {9, 10, 20, 31, 77})
    for (const std::int64_t n : {17, 20, 33, 64}) {
      const double waves = std::ceil(static_cast<double>(m * n) / cores);
      EXPECT_DOUBLE_EQ(compute(gemm(128 * m, 64 * n, 512), whole), waves * 512 * step / 2)
          << m << " x " << n;
    }
}

/// One tile: 64 cores take a piece of 100 each (32 pieces of two halves are as fast).
TEST(OutputStationary, CoresShareTheContractionOfFewTiles) {
  EXPECT_DOUBLE_EQ(compute(gemm(128, 128, 6400)), 100 * step);
  EXPECT_DOUBLE_EQ(compute(gemm(128, 128, 64)), 64 * step / 2);  // no piece is less than 64 deep
}

/// A tile of 128 x 64 in p pieces of 6400 / p and half a step: 105 us for one, then 6.6 + 1.1 us of
/// partial sums for 16 pieces, 3.3 + 2.1 for 32, and for 64 reading takes 2.5 + 4.2.
TEST(OutputStationary, PartialSumsPassThroughMemory) {
  TensorEngine engine = ideal();
  engine.tile_n = 64;
  engine.memory_bandwidth = BytesPerSecond(1e12);
  const GemmTime t = predict(gemm(128, 64, 6400), engine);
  EXPECT_DOUBLE_EQ(t.compute.value(), 200 * step / 2);
  EXPECT_DOUBLE_EQ(t.time.value(), 200 * step / 2 + (2.0 + 32 * 2 * 4) * 128 * 64 / 1e12);
}

TEST(OutputStationary, DecodeIsBoundByMemory) {
  TensorEngine engine = real();
  engine.roof = engine.roof * 10;
  const GemmTime t = predict(gemm(1, 16384, 16384), engine);
  EXPECT_EQ(t.binding, GemmTime::Binding::memory);
  const double bytes = 2.0 * (16384.0 * 16384 + 2 * 16384);
  EXPECT_DOUBLE_EQ(t.time.value(), 5e-6 + bytes / (2e12 * 0.85));
}

/// C leaves after the last product: reading hides behind computing, writing does not.
TEST(OutputStationary, StoresAreNotHidden) {
  TensorEngine engine = ideal();
  engine.memory_bandwidth = BytesPerSecond(1e12);
  const GemmTime t = predict(gemm(12800, 12800, 1024), engine);
  EXPECT_DOUBLE_EQ(t.time.value(), 100 * 1024 * step + 2.0 * 12800 * 12800 / 1e12);
}

TEST(OutputStationary, SmallTilesWaitForTheCache) {
  TensorEngine engine = ideal();
  engine.tile_m = 256;
  engine.tile_n = 256;
  engine.cache_bandwidth = BytesPerSecond(cores * 15e9);
  // 256 x 256: 1024 bytes for 131072 FLOPs, 68 ns against 131; 128 x 128: 512 bytes, 34 against 33.
  EXPECT_DOUBLE_EQ(compute(gemm(2560, 2560, 1024), engine), 1024 * 4 * step);
  engine.tile_m = 128;
  engine.tile_n = 128;
  EXPECT_DOUBLE_EQ(compute(gemm(1280, 1280, 1024), engine), 1024 * 512 / 15e9);
}

TEST(OutputStationary, ABatchFillsWavesTogether) {
  const Gemm shape = gemm(128, 1280, 512);
  EXPECT_DOUBLE_EQ(predict(shape, ideal(), 10).compute.value(), 512 * step);
  EXPECT_DOUBLE_EQ(predict(shape, real(), 10).lower_bound.value(),
                   10 * predict(shape, real()).lower_bound.value());
  TensorEngine systolic = real();
  systolic.dataflow = Dataflow::weight_stationary;
  const GemmTime one = predict(shape, systolic);
  EXPECT_DOUBLE_EQ((predict(shape, systolic, 7).time - systolic.launch).value(),
                   7 * (one.time - systolic.launch).value());
}

TEST(OutputStationary, NeverBelowItsLowerBound) {
  for (const TensorEngine& engine :
       {ideal(), real(), tensor_engine(topology::load_chip("h100"), DataType::bf16)})
    for (const std::int64_t m : {1, 100, 128, 5000})
      for (const std::int64_t n : {1, 64, 1000, 8192})
        for (const std::int64_t k : {1, 64, 5000}) {
          const GemmTime t = predict(gemm(m, n, k), engine);
          ASSERT_GE(t.time.value(), t.lower_bound.value() * (1 - 1e-14)) << m << n << k;
          ASSERT_GE(t.time, std::max(t.compute, engine.launch));
        }
}

TEST(OutputStationary, MoreWorkNeverTakesLess) {
  const TensorEngine engine = real();
  for (const std::int64_t base : {1, 64, 500, 4096})
    for (std::int64_t x = 1; x < 700; ++x) {
      const auto time = [&](const Gemm& s) { return predict(s, engine).time.value(); };
      // The count of pieces changes with the tiles: a unit in the last place of slack.
      const double less = 1 - 1e-14;
      ASSERT_LE(less * time(gemm(x, base, 300)), time(gemm(x + 1, base, 300))) << base << x;
      ASSERT_LE(less * time(gemm(base, x, 300)), time(gemm(base, x + 1, 300))) << base << x;
      ASSERT_LE(less * time(gemm(base, 300, x)), time(gemm(base, 300, x + 1))) << base << x;
    }
}

TEST(OutputStationary, ABurstRunsAtTheHighestClock) {
  TensorEngine engine = ideal();
  EXPECT_EQ(in_burst(engine).roof, engine.roof);  // no such clock is known
  engine.burst_clock = Hertz(1.25e9);
  const Gemm shape = gemm(1280, 1280, 1024);
  EXPECT_DOUBLE_EQ(compute(shape, in_burst(engine)), compute(shape, engine) / 1.25);
  EXPECT_EQ(in_burst(in_burst(engine)).roof, in_burst(engine).roof);
}

TEST(OutputStationary, ShippedChips) {
  const TensorEngine h100 = tensor_engine(topology::load_chip("h100"), DataType::bf16);
  EXPECT_EQ(h100.dataflow, Dataflow::output_stationary);
  EXPECT_EQ(h100.cores, 132);
  EXPECT_GT(h100.launch, Seconds());
  for (const char* name : {"trainium2", "tpu-v5p"})
    EXPECT_EQ(tensor_engine(topology::load_chip(name), DataType::bf16).dataflow,
              Dataflow::weight_stationary);
  EXPECT_EQ(tensor_engine(topology::load_chip("tpu-v4"), DataType::bf16).tile_k, 128);
  EXPECT_THROW((void)predict(gemm(1, 1, 1), h100, -1), topology::Error);
}

}  // namespace
