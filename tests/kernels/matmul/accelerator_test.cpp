#include "kernels/matmul/accelerator.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "topology/error.hpp"

namespace {

using kernels::Gemm;
using kernels::GemmTime;
using kernels::predict;
using kernels::tensor_engine;
using kernels::TensorEngine;
using topology::BytesPerSecond;
using topology::DataType;
using topology::FlopsPerSecond;
using topology::Hertz;
using topology::Seconds;

constexpr double core_flops = 2.0 * 128 * 128 * 2.4e9;

/// One core of a 128 x 128 array at 2.4 GHz without losses, and memory that never binds.
TensorEngine ideal_core() {
  return {.roof = FlopsPerSecond(core_flops),
          .peak = FlopsPerSecond(core_flops),
          .tile_k = 128,
          .tile_m = 128,
          .tile_n = 512,
          .clock = Hertz(2.4e9),
          .memory_bandwidth = BytesPerSecond(1e15)};
}

/// Eight such cores with the losses and the memory of a Trainium2.
TensorEngine eight_cores() {
  TensorEngine engine = ideal_core();
  engine.roof = engine.roof * 8;
  engine.peak = FlopsPerSecond(667e12);
  engine.efficiency = 0.95;
  engine.cores = 8;
  engine.memory_bandwidth = BytesPerSecond(2.9e12);
  engine.memory_efficiency = 0.85;
  engine.ramp = Seconds(3e-6);
  return engine;
}

template <class Q>
topology::Figure<Q> figure(Q value) {
  return topology::Sourced<Q>{value, topology::Status::assumed, "test"};
}

topology::Chip chip() {
  topology::Chip c;
  c.name = "test-chip";
  c.compute[static_cast<std::size_t>(DataType::bf16)] = {
      figure(FlopsPerSecond(667e12)), figure(FlopsPerSecond(8 * core_flops)), figure(0.95)};
  c.compute[static_cast<std::size_t>(DataType::fp8)].roof = figure(FlopsPerSecond(16 * core_flops));
  c.compute[static_cast<std::size_t>(DataType::f32)].peak = figure(FlopsPerSecond(2 * core_flops));
  c.memory_bandwidth = figure(BytesPerSecond(2.9e12));
  c.tensor_clock = figure(Hertz(2.4e9));
  c.cores = figure(8.0);
  c.tile_k = figure(128.0);
  c.tile_m = figure(128.0);
  c.tile_n = figure(512.0);
  return c;
}

Gemm bf16(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {m, n, k, DataType::bf16};
}

TEST(Accelerator, OneFullTileTakes512Cycles) {
  const GemmTime t = predict(bf16(128, 512, 128), ideal_core());
  EXPECT_NEAR(t.compute.value(), 213.3e-9, 0.05e-9);
  EXPECT_DOUBLE_EQ(t.compute.value(), 512 / 2.4e9);
  EXPECT_EQ(t.time, t.compute);
  EXPECT_DOUBLE_EQ(t.lower_bound.value(), t.compute.value());
}

TEST(Accelerator, PartialTilesCostWhatTheirInstructionsCost) {
  const auto cycles = [](std::int64_t m, std::int64_t n, std::int64_t k) {
    return predict(bf16(m, n, k), ideal_core()).compute.value() * 2.4e9;
  };
  EXPECT_NEAR(cycles(1, 1, 1), 64, 1e-9);         // shortest issue interval
  EXPECT_NEAR(cycles(128, 512, 1), 512, 1e-9);    // contraction is padded to 128
  EXPECT_NEAR(cycles(128, 513, 128), 576, 1e-9);  // the second instruction takes 64
  EXPECT_NEAR(cycles(128, 600, 128), 600, 1e-9);  // moving columns are not padded beyond that
  EXPECT_NEAR(cycles(512, 100, 128), 400, 1e-9);  // min(4 x 100 columns, 1 x 512)
  EXPECT_NEAR(cycles(1, 1280, 128), 640, 1e-9);   // weights still: 10 x 64, not 2 x 512 + 256
}

TEST(Accelerator, MoreWorkNeverTakesLess) {
  const TensorEngine engine = eight_cores();
  for (const std::int64_t base : {1, 63, 127, 511, 1000, 4096})
    for (std::int64_t x = 1; x < 1200; ++x) {
      const auto time = [&](const Gemm& s) { return predict(s, engine).time; };
      ASSERT_LE(time(bf16(x, base, 300)), time(bf16(x + 1, base, 300))) << base << ", " << x;
      ASSERT_LE(time(bf16(base, x, 300)), time(bf16(base, x + 1, 300))) << base << ", " << x;
      ASSERT_LE(time(bf16(base, 300, x)), time(bf16(base, 300, x + 1))) << base << ", " << x;
    }
}

TEST(Accelerator, NeverBelowItsLowerBound) {
  for (const TensorEngine& engine : {ideal_core(), eight_cores()})
    for (const std::int64_t m : {1, 16, 128, 1000, 8192})
      for (const std::int64_t n : {1, 100, 512, 4097})
        for (const std::int64_t k : {1, 128, 5000}) {
          const GemmTime t = predict(bf16(m, n, k), engine);
          // Sums and products in different order: a few units in the last place of slack.
          ASSERT_GE(t.time.value(), t.lower_bound.value() * (1 - 1e-14));
          ASSERT_GE(t.ramp.value(), 0);
        }
}

TEST(Accelerator, LargeCubeReachesItsShareOfTheRoof) {
  const TensorEngine engine = eight_cores();
  const Gemm cube = bf16(1 << 14, 1 << 14, 1 << 14);
  const GemmTime t = predict(cube, engine);
  EXPECT_EQ(t.binding, GemmTime::Binding::compute);
  const double share = cube.flops() / t.time / (engine.roof * engine.efficiency);
  EXPECT_LE(share, 1);
  EXPECT_GT(share, 0.999);
}

TEST(Accelerator, DecodeIsBoundByMemory) {
  const TensorEngine engine = eight_cores();
  const Gemm decode = bf16(1, 8192, 8192);
  const GemmTime t = predict(decode, engine);
  EXPECT_EQ(t.binding, GemmTime::Binding::memory);
  EXPECT_EQ(t.time, t.memory);
  EXPECT_EQ(t.ramp, Seconds());
  EXPECT_NEAR(t.time.value(), 2.0 * 8192 * 8192 / (2.9e12 * 0.85), 0.02e-6);
}

TEST(Accelerator, ShortMatmulsLoseUpToHalfTheRamp) {
  TensorEngine engine = ideal_core();
  engine.ramp = Seconds(3e-6);
  const GemmTime brief = predict(bf16(128, 512, 128), engine);
  EXPECT_DOUBLE_EQ(brief.time.value(), 2 * brief.compute.value());
  const GemmTime longer = predict(bf16(4096, 4096, 4096), engine);
  EXPECT_NEAR(longer.ramp.value(), 1.5e-6, 1e-12);
}

TEST(Accelerator, CoresShareWholeTiles) {
  TensorEngine engine = ideal_core();
  engine.roof = engine.roof * 8;
  engine.cores = 8;
  const double one_tile = 512 / 2.4e9;
  EXPECT_DOUBLE_EQ(predict(bf16(1024, 512, 128), engine).compute.value(), one_tile);
  EXPECT_DOUBLE_EQ(predict(bf16(1152, 512, 128), engine).compute.value(), 576 / 2.4e9);
}

TEST(Accelerator, EngineOfAChip) {
  const TensorEngine engine = tensor_engine(chip(), DataType::bf16);
  EXPECT_EQ(engine.roof, FlopsPerSecond(8 * core_flops));
  EXPECT_EQ(engine.peak, FlopsPerSecond(667e12));
  EXPECT_EQ(engine.tile_k, 128);
  EXPECT_EQ(engine.cores, 8);
  EXPECT_EQ(engine.memory_efficiency, 1);
  EXPECT_EQ(engine.ramp, Seconds());
}

TEST(Accelerator, FasterTypesContractMoreInAPass) {
  EXPECT_EQ(tensor_engine(chip(), DataType::fp8).tile_k, 256);
  EXPECT_EQ(tensor_engine(chip(), DataType::f32).tile_k, 128);
}

TEST(Accelerator, NoTileFiguresNoQuantisation) {
  topology::Chip plain = chip();
  plain.tile_k.reset();
  plain.tile_m.reset();
  plain.tile_n.reset();
  plain.cores.reset();
  const TensorEngine engine = tensor_engine(plain, DataType::bf16);
  const Gemm odd = bf16(1001, 1003, 1007);
  EXPECT_DOUBLE_EQ(predict(odd, engine).compute.value(),
                   (odd.flops() / (engine.roof * engine.efficiency)).value());
}

TEST(Accelerator, RefusesTypesTheChipDoesNotHave) {
  try {
    (void)tensor_engine(chip(), DataType::f64);
    FAIL() << "no error";
  } catch (const topology::Error& error) {
    EXPECT_EQ(error.kind(), topology::ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("test-chip"), std::string::npos);
    EXPECT_NE(std::string(error.what()).find("f64"), std::string::npos);
  }
  topology::Chip blind = chip();
  blind.memory_bandwidth.reset();
  EXPECT_THROW((void)tensor_engine(blind, DataType::bf16), topology::Error);
}

}  // namespace
