// A training step against sums by hand on machines that are simple enough.
#include "bench/training/step.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "bench/executor/predict.hpp"
#include "bench/program/model_file.hpp"
#include "bench/training/sensitivity.hpp"
#include "kernels/training/counts.hpp"
#include "topology/axis.hpp"
#include "topology/error.hpp"

namespace {

using bench::Job;
using bench::Spent;
using bench::Step;
using topology::Seconds;

/// All shares 1, nothing to launch.
topology::Software ideal() {
  topology::Software software;
  software.name = "ideal";
  return software;
}

Job job(const char* model, const char* system, std::int64_t chips) {
  Job all;
  all.model = bench::load_model(model);
  all.machine = topology::slice(topology::load_system(system), chips);
  all.software = ideal();
  all.plan.data = chips;
  all.plan.sequence = 2048;
  all.plan.batch = chips;
  return all;
}

TEST(Step, PartsAddUpToTheStep) {
  for (const std::int64_t pipeline : {1, 4}) {
    Job j = job("llama3-8b", "trn2-ultraserver", 64);
    j.plan.tensor = 4;
    j.plan.pipeline = pipeline;
    j.plan.data = 16 / pipeline;
    j.plan.batch = 64;
    j.plan.sharding = kernels::Sharding::optimizer;
    const Step step = bench::predict_step(j);
    EXPECT_NEAR(step.spending.total().value(), step.time.value(), 1e-12 * step.time.value());
    for (const Seconds part : step.spending.of) EXPECT_GE(part.value(), -1e-12);
    EXPECT_GT(step.spending[Spent::tensor].value(), 0);
  }
}

// What nothing hides is the collectives' own times: of all gradients in f32 and parameters in bf16
// once, or in every micro-batch, of every layer twice gathered and once scattered, of table and
// head once each.
TEST(Step, ExposedDataParallelTimeIsThatOfItsCollectives) {
  using kernels::Collective;
  Job j = job("llama3-8b", "trn2-server", 16);
  j.plan.overlap_data = false;
  j.plan.batch = 32;  // two micro-batches
  const auto takes = [&j](Collective collective, double bytes) {
    return bench::predict(collective, j.machine, topology::Bytes(bytes), "auto").time.value();
  };
  j.plan.sharding = kernels::Sharding::optimizer;
  const auto all =
      static_cast<double>(kernels::parameters(j.model).total() - j.model.hidden);  // last norm
  EXPECT_NEAR(bench::predict_step(j).spending[Spent::data].value(),
              takes(Collective::reduce_scatter, 4 * all) + takes(Collective::all_gather, 2 * all),
              1e-9);
  j.plan.sharding = kernels::Sharding::parameters;
  const auto layer = static_cast<double>(
      kernels::layer_parameters(j.model.layers[0].layer, j.model.hidden).total());
  const double table = 128256.0 * 4096;
  EXPECT_NEAR(bench::predict_step(j).spending[Spent::data].value(),
              2 * 32 *
                      (2 * takes(Collective::all_gather, 2 * layer) +
                       takes(Collective::reduce_scatter, 4 * layer)) +
                  2 * 2 *
                      (takes(Collective::all_gather, 2 * table) +
                       takes(Collective::reduce_scatter, 4 * table)),
              1e-9);
}

// Experts are shared by the ranks that have the same ones: where all ranks have experts of their
// own, nothing of them moves, and the rest of a layer moves as ever (expert parallelism of
// DeepSeek-V3 under ZeRO, arXiv:2412.19437, section 3.2).
TEST(Step, ShardedExpertsMoveAmongTheirReplicas) {
  using kernels::Collective;
  Job j = job("mixtral-8x7b", "a100-dgx", 32);
  j.plan.overlap_data = false;
  j.plan.sharding = kernels::Sharding::parameters;
  const auto takes = [](const topology::Machine& group, double parameters) {
    const auto of = [&](Collective collective, double bytes) {
      return bench::predict(collective, group, topology::Bytes(bytes), "auto").time.value();
    };
    return 2 * of(Collective::all_gather, 2 * parameters) +
           of(Collective::reduce_scatter, 4 * parameters);
  };
  const auto layer = kernels::layer_parameters(j.model.layers[0].layer, j.model.hidden);
  const auto experts = static_cast<double>(layer[kernels::ModelPart::experts]);
  const double dense = static_cast<double>(layer.total()) - experts;
  const auto data = [&](std::int64_t expert) {
    j.plan.expert = expert;
    return bench::predict_step(j).spending[Spent::data].value();
  };
  EXPECT_NEAR(data(1) - data(8),
              32 * (takes(j.machine, dense + experts) - takes(j.machine, dense) -
                    takes(topology::axis(j.machine, 8, 4), experts / 8)),
              1e-9);
}

// States shared by four neighbours: gradients are scattered among them and their shares summed over
// the four groups; parameters are gathered among them.
TEST(Step, StatesSharedByAFewRanks) {
  using kernels::Collective;
  Job j = job("llama3-8b", "a100-dgx", 16);
  j.plan.overlap_data = false;
  j.plan.sharding = kernels::Sharding::optimizer;
  j.plan.shard = 4;
  const auto takes = [](Collective collective, const topology::Machine& group, double bytes) {
    return bench::predict(collective, group, topology::Bytes(bytes), "auto").time.value();
  };
  const topology::Machine sharers = topology::axis(j.machine, 1, 4);
  const topology::Machine replicas = topology::axis(j.machine, 4, 4);
  const auto all = static_cast<double>(kernels::parameters(j.model).total() - j.model.hidden);
  EXPECT_NEAR(bench::predict_step(j).spending[Spent::data].value(),
              takes(Collective::reduce_scatter, sharers, 4 * all) +
                  takes(Collective::all_reduce, replicas, 4 * all / 4) +
                  takes(Collective::all_gather, sharers, 2 * all),
              1e-9);
}

// A host so slow that nothing else counts: one launch for each kernel, one for each expert's
// matmul, none for collectives.
TEST(Step, LaunchesAreCountedByKernel) {
  const auto of = [](const char* model, std::int64_t tensor, std::int64_t expert) {
    Job j = job(model, "a100-dgx", 8);
    j.plan.tensor = tensor;
    j.plan.data = 8 / tensor;
    j.plan.expert = expert;
    j.plan.batch = 8;
    j.plan.micro_batch = tensor;
    j.software.launch =
        topology::Sourced<Seconds>{Seconds(1000), topology::Status::assumed, "a slow host"};
    return bench::predict_step(j).spending.total().value() / 1000;
  };
  EXPECT_NEAR(of("llama3-8b", 1, 1), of("llama3-8b", 8, 1), 0.1);
  // Two matmuls of each expert, forward and for either gradient, in all of 32 layers.
  EXPECT_NEAR(of("mixtral-8x7b", 1, 1) - of("mixtral-8x7b", 1, 8), 7 * 2 * 3 * 32, 0.1);
}

// Attention at keys / (keys + 192) of its rate: of s tokens, each sees s / 2.
TEST(Step, FewKeysSlowAttention) {
  const auto per_flop = [](std::int64_t sequence) {
    Job j = job("llama3-8b", "a100-dgx", 8);
    j.plan.sequence = sequence;
    const auto tokens = static_cast<double>(sequence);
    return bench::predict_step(j).spending[Spent::attention].value() / (tokens * tokens);
  };
  EXPECT_NEAR(per_flop(4096) / per_flop(16384), (1 + 192.0 / 2048) / (1 + 192.0 / 8192), 1e-9);
}

// No step is faster than its FLOPs at the roof of all chips, nor than the bound of its MFU.
TEST(Step, IsAboveTheComputeBound) {
  for (const char* model : {"llama3-8b", "mixtral-8x7b", "deepseek-v3", "gpt3-175b"}) {
    Job j = job(model, "trn2-ultraserver", 64);
    j.plan.batch = 64;
    const Step step = bench::predict_step(j);
    EXPECT_LT(step.mfu(), 629.2 / 667) << model;
    EXPECT_GT(step.mfu(), 0.01) << model;
  }
}

// One chip, no communication: twice the sequences take twice the time but for the optimizer.
TEST(Step, OneChipIsWorkAndOptimizer) {
  Job j = job("gpt2", "trn2-server", 16);
  j.machine.levels.clear();
  j.plan.data = 1;
  j.plan.batch = 1;
  const Step one = bench::predict_step(j);
  j.plan.batch = 3;
  const Step three = bench::predict_step(j);
  const Seconds optimizer = one.spending[Spent::optimizer];
  EXPECT_NEAR((three.time - optimizer).value(), 3 * (one.time - optimizer).value(), 1e-12);
  // Adam: 34 bytes a parameter through a memory of 2.9 TB/s at 85 %.
  const auto parameters = static_cast<double>(kernels::parameters(j.model).total());
  EXPECT_NEAR(optimizer.value(), 34 * parameters / (2.9e12 * 0.85), 0.01 * optimizer.value());
  for (const Spent nothing : {Spent::tensor, Spent::data, Spent::bubble, Spent::pipeline})
    EXPECT_EQ(one.spending[nothing].value(), 0);
}

// 1F1B where all stages take the same: the bubble is (p - 1) of the m micro-batches' times.
TEST(Step, BubbleIsTheClosedForm) {
  Job j = job("gpt3-175b", "trn2-ultraserver", 64);
  j.model.vocabulary = 1;  // no table, no head: 96 layers in 4 equal stages
  j.model.positions = 0;
  j.plan.tensor = 16;
  j.plan.pipeline = 4;
  j.plan.data = 1;
  j.plan.batch = 8;
  for (topology::Level& level : j.machine.levels) {
    level.latency.value = Seconds();
    level.hop.value = Seconds();
    level.bandwidth.value = topology::BytesPerSecond(1e18);
  }
  const Step step = bench::predict_step(j);
  const Seconds passes = step.time - step.spending[Spent::bubble] -
                         step.spending[Spent::optimizer] - step.spending[Spent::data];
  EXPECT_NEAR(step.spending[Spent::bubble] / passes, 3.0 / 8, 2e-3);
}

// With all rates doubled and all times halved a step takes half as long.
TEST(Step, SensitivitiesAddUp) {
  Job j = job("llama3-8b", "trn2-ultraserver", 64);
  j.plan.tensor = 4;
  j.plan.data = 16;
  j.plan.batch = 32;
  j.plan.overlap_data = false;
  j.software.launch =
      topology::Sourced<Seconds>{Seconds(5e-6), topology::Status::assumed, "a test"};
  double sum = 0;
  for (const bench::Sensitivity& s : bench::sensitivities(j)) {
    const bool is_time = s.figure.ends_with("latency") || s.figure == "launch" ||
                         s.figure == "ramp" || s.figure == "overhead of a collective";
    sum += is_time ? -s.exponent : s.exponent;
  }
  EXPECT_NEAR(sum, -1, 0.01);
}

TEST(Step, FasterPartsNeverSlowIt) {
  const Job slow = job("llama3-8b", "trn2-ultraserver", 64);
  Job fast = slow;
  for (topology::Level& level : fast.machine.levels)
    level.bandwidth.value = 2.0 * level.bandwidth.value;
  EXPECT_LE(bench::predict_step(fast).time, bench::predict_step(slow).time);
}

TEST(Step, RefusesPlansThatDoNotFitTheMachine) {
  Job j = job("llama3-8b", "trn2-ultraserver", 64);
  j.plan.data = 32;
  EXPECT_THROW((void)bench::predict_step(j), topology::Error);
  j.plan.data = 16;
  j.plan.tensor = 4;
  j.plan.batch = 7;
  EXPECT_THROW((void)bench::predict_step(j), topology::Error);
}

}  // namespace
