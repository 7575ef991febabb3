// What collectives do to the chips' memory: closed forms, and the clock that must agree.
#include <algorithm>

#include <gtest/gtest.h>

#include "bench/clock/clock.hpp"
#include "bench/executor/predict.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace {

using bench::predict;
using fixtures::with_memory;
using kernels::Collective;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;

double memory_load(const bench::Prediction& prediction) {
  for (const topology::LinkClass& link : prediction.links)
    if (!link.level) return link.load.value();
  return 0;
}

/// A step of a ring moves C: to reduce it, three touches of memory; to copy it, two.
TEST(Memory, ARingWaitsForTheSlowerOfLinkAndMemory) {
  const double latency = 1e-6;
  const double size = 1 << 26;
  for (const std::int64_t n : {4, 16})
    for (const double memory : {15.0, 25.0, 40.0}) {
      const Machine machine =
          with_memory(fixtures::machine({{"s", LevelShape::all_to_all, n, 10}}, latency), memory);
      const double chunk = size / static_cast<double>(n);
      const auto step = [&](double touches) {
        return latency + std::max(chunk / 10e9, touches * chunk / (memory * 1e9));
      };
      const auto time = [&](Collective c) {
        return predict(c, machine, Bytes(size), "ring").time.value();
      };
      const auto steps = static_cast<double>(n - 1);
      EXPECT_NEAR(time(Collective::reduce_scatter), steps * step(3), 1e-15);
      EXPECT_NEAR(time(Collective::all_gather), steps * step(2), 1e-15);
      EXPECT_NEAR(time(Collective::all_reduce), steps * (step(2) + step(3)), 1e-15);
      const auto p = predict(Collective::reduce_scatter, machine, Bytes(size), "ring");
      EXPECT_EQ(p.bottleneck_name(), memory < 30 ? "hbm" : "s");
    }
}

TEST(Memory, AShareOfItsBandwidthIsReached) {
  Machine half = with_memory(fixtures::switched(4), 20);
  half.chip.memory_efficiency = {0.5, topology::Status::assumed, "test"};
  const Machine slow = with_memory(fixtures::switched(4), 10);
  const auto time = [](const Machine& machine) {
    return predict(Collective::all_reduce, machine, Bytes(1e6), "direct").time.value();
  };
  EXPECT_DOUBLE_EQ(time(half), time(slow));
}

/// Whatever the steps: all but a chip's own share of the vector reaches it, once.
TEST(Memory, EveryAlgorithmThatScattersTouchesTheSameBytes) {
  const double size = 1 << 20;
  for (const Machine& bare : {fixtures::torus({4, 8}), fixtures::switched(24)}) {
    const Machine machine = with_memory(bare, 1000);
    const double moved = size * (1 - 1 / static_cast<double>(machine.chips()));
    for (const auto& [collective, touches] :
         {std::pair{Collective::reduce_scatter, 3.0}, {Collective::all_gather, 2.0}})
      for (const std::string& text : kernels::candidates(collective, machine)) {
        const auto schedule = kernels::build(collective, machine, text);
        const double got = memory_load(predict(schedule, machine, Bytes(size)));
        EXPECT_NEAR(got, touches * moved, 1e-9 * size) << text;
      }
    EXPECT_NEAR(memory_load(predict(Collective::all_to_all, machine, Bytes(size), "direct")),
                2 * moved,
                1e-9 * size);
    EXPECT_EQ(memory_load(predict(Collective::all_reduce, bare, Bytes(size), "ring")), 0);
  }
}

TEST(Memory, TheClockWaitsForItAsWell) {
  const Machine machine = with_memory(fixtures::machine({{"x", LevelShape::ring, 4, 100},
                                                         {"y", LevelShape::ring, 4, 100},
                                                         {"pod", LevelShape::clos, 8, 25}},
                                                        1e-6),
                                      60);
  for (const char* text : {"rhd(x,y)+ring(pod)", "bucket(x,y)+direct(pod)"}) {
    const auto schedule = kernels::build(Collective::all_reduce, machine, text);
    const auto predicted = predict(schedule, machine, Bytes(1 << 24));
    EXPECT_EQ(predicted.bottleneck_name(), "hbm");
    const auto clocked = bench::run_clock(schedule, machine, Bytes(1 << 24), {});
    EXPECT_NEAR(clocked.quantile(1).value(), predicted.time.value(), 1e-8) << text;  // ticks
  }
}

}  // namespace
