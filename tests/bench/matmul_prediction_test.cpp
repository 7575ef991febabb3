// Predicted distributed matmuls against sums by hand on machines with round figures, and on the
// whole of Project Rainier.
#include "bench/distributed/matmul_prediction.hpp"

#include <gtest/gtest.h>

#include "bench/executor/predict.hpp"
#include "kernels/distributed/algorithms.hpp"
#include "kernels/distributed/communication_bound.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "topology/axis.hpp"
#include "topology/error.hpp"

namespace {

using bench::MatmulPrediction;
using kernels::DistributedMatmul;
using kernels::Gemm;
using kernels::ProcessGrid;
using topology::Bytes;
using topology::DataType;
using topology::FlopsPerSecond;
using topology::Seconds;

constexpr double link = 100e9;  // bytes per second of the machines here
const Gemm cube{4096, 4096, 4096, DataType::f32};

bench::BlockTime always(double seconds) {
  return [seconds](const Gemm&, bool) { return Seconds(seconds); };
}

MatmulPrediction predicted(const std::string& algorithm,
                           const ProcessGrid& grid,
                           const topology::Machine& machine,
                           double block_seconds) {
  return bench::predict(kernels::distributed_matmul(algorithm, cube, grid),
                        machine,
                        FlopsPerSecond(1e15),
                        always(block_seconds));
}

TEST(MatmulPrediction, TheLongerOfMultiplyingAndMovingIsWhatAStepTakes) {
  const topology::Machine ring = fixtures::torus({4});
  const double shift = 1024 * 4096 * 4 / link;  // a quarter of A, or of C
  for (const char* algorithm : {"allgather", "reducescatter"})
    for (const double block : {shift / 2, shift * 2}) {
      const MatmulPrediction p = predicted(algorithm, {1, 4, 1}, ring, block);
      EXPECT_DOUBLE_EQ(p.time.value(), block + 3 * std::max(block, shift)) << algorithm;
      EXPECT_DOUBLE_EQ(p.compute.value(), 4 * block);
      EXPECT_DOUBLE_EQ(p.moving.value(), 3 * shift);
      EXPECT_NEAR(p.exposed().value(), 3 * std::max(0.0, shift - block), 1e-15);
    }
}

TEST(MatmulPrediction, CannonTurnsFirstAndThenShiftsBothWays) {
  // Shifts of A and B use other links of the torus. By one place, or by two half each way: a block
  // on each link.
  const double shift = 1024 * 1024 * 4 / link;
  const MatmulPrediction torus = predicted("cannon", {4, 4, 1}, fixtures::torus({4, 4}), shift / 2);
  EXPECT_DOUBLE_EQ(torus.time.value(), shift + shift / 2 + 3 * shift);
  // Through one port A and B go one after the other.
  const MatmulPrediction port = predicted("cannon", {4, 4, 1}, fixtures::switched(16), shift / 2);
  EXPECT_DOUBLE_EQ(port.time.value(), 2 * shift + shift / 2 + 3 * 2 * shift);
}

TEST(MatmulPrediction, SummaWaitsForTheFirstPanelsAndHidesTheOthers) {
  const topology::Machine torus = fixtures::torus({4, 4});
  const Bytes panel(1024 * 1024 * 4);
  const double sent =
      bench::predict(kernels::Collective::broadcast, topology::axis(torus, 1, 4), panel, "auto")
          .time.value();
  EXPECT_GT(sent, 0);
  EXPECT_DOUBLE_EQ(predicted("summa", {4, 4, 1}, torus, sent / 2).time.value(),
                   sent + sent / 2 + 3 * sent);
  EXPECT_DOUBLE_EQ(predicted("summa", {4, 4, 1}, torus, sent * 2).time.value(),
                   sent + 4 * 2 * sent);
}

TEST(MatmulPrediction, LayersCopyFirstAndAddUpLast) {
  const topology::Machine torus = fixtures::torus({4, 4, 2});
  const topology::Machine layers = topology::axis(torus, 16, 2);
  const Bytes block(1024 * 1024 * 4);
  const auto of = [&](kernels::Collective collective, Bytes bytes) {
    return bench::predict(collective, layers, bytes, "auto").time.value();
  };
  const double shift = block.value() / link;
  EXPECT_DOUBLE_EQ(predicted("2.5d", {4, 4, 2}, torus, shift / 2).time.value(),
                   of(kernels::Collective::broadcast, 2.0 * block) + shift + shift / 2 + shift +
                       of(kernels::Collective::reduce, block));
}

TEST(MatmulPrediction, LinksWithoutEndLeaveTheMultiplications) {
  for (const char* algorithm : {"allgather", "reducescatter", "summa", "cannon"}) {
    topology::Machine fast = fixtures::torus({4, 4});
    for (topology::Level& level : fast.levels)
      level.bandwidth.value = topology::BytesPerSecond(1e30);
    const MatmulPrediction p = predicted(algorithm, {4, 4, 1}, fast, 1);
    EXPECT_NEAR(p.time.value(), p.compute.value(), 1e-9) << algorithm;
  }
}

TEST(MatmulPrediction, ASumThatIsAddedToCostsMemoryTimeWhereMemoryBinds) {
  kernels::TensorEngine engine;
  engine.roof = FlopsPerSecond(1e12);
  engine.memory_bandwidth = topology::BytesPerSecond(1e9);
  const bench::BlockTime time = bench::block_time(engine);
  const Gemm thin{1000, 1000, 1, DataType::f32};
  EXPECT_DOUBLE_EQ((time(thin, true) - time(thin, false)).value(), 2 * 4e6 / 1e9);
  const Gemm deep{1000, 1000, 1000000, DataType::f32};
  engine.memory_bandwidth = topology::BytesPerSecond(1e12);
  EXPECT_EQ(bench::block_time(engine)(deep, true), bench::block_time(engine)(deep, false));
}

TEST(MatmulPrediction, NothingBeatsTheBoundOnAllOfRainier) {
  const topology::Machine rainier = topology::load_system("rainier");
  const kernels::TensorEngine engine = kernels::tensor_engine(rainier.chip, DataType::bf16);
  const Gemm large{1 << 20, 1 << 19, 1 << 18, DataType::bf16};
  int predicted = 0;
  for (const auto& [algorithm, grid] : {std::pair("allgather", ProcessGrid{8192, 64, 1}),
                                        std::pair("reducescatter", ProcessGrid{8192, 64, 1}),
                                        std::pair("summa", ProcessGrid{512, 1024, 1}),
                                        std::pair("2.5d", ProcessGrid{512, 512, 2}),
                                        std::pair("2.5d", ProcessGrid{256, 256, 8})}) {
    const DistributedMatmul program = kernels::distributed_matmul(algorithm, large, grid);
    const MatmulPrediction p =
        bench::predict(program, rainier, engine.roof, bench::block_time(engine));
    EXPECT_GT(p.time, p.bound()) << algorithm;
    EXPECT_GE(p.time, p.compute) << algorithm;
    EXPECT_LE(p.time, p.compute + p.moving) << algorithm;
    EXPECT_DOUBLE_EQ(p.compute_bound.value(),
                     large.flops().value() / (524288 * engine.roof.value()));
    ++predicted;
  }
  EXPECT_EQ(predicted, 5);
}

TEST(MatmulPrediction, RefusesGridsThatDoNotFillTheMachine) {
  const topology::Machine torus = fixtures::torus({4, 4});
  EXPECT_THROW((void)predicted("summa", {4, 2, 1}, torus, 1), topology::Error);
  EXPECT_THROW((void)predicted("summa", {3, 3, 1}, fixtures::torus({3, 4}), 1), topology::Error);
}

}  // namespace
