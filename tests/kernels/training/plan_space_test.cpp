// The space of plans against everything that `check` and the pipeline accept; the floor of a
// pipeline against its run.
#include "kernels/training/plan_space.hpp"

#include <algorithm>
#include <random>
#include <set>
#include <tuple>

#include <gtest/gtest.h>

#include "kernels/training/pipeline.hpp"
#include "kernels/training/pipeline_floor.hpp"
#include "topology/error.hpp"

namespace {

using kernels::PipelineOrder;
using kernels::Plan;
using kernels::Recompute;
using kernels::Sharding;

kernels::Model small_model() {
  kernels::Model model;
  model.name = "small";
  model.hidden = 64;
  model.vocabulary = 128;
  kernels::Layer layer;
  layer.attention = {4, 4, 16, 16, 0, false, {}, false, false, false};
  layer.mlp = {128, true, false};
  model.layers = {{layer, 6}};
  return model;
}

Plan given() {
  Plan plan;
  plan.sequence = 8;
  plan.batch = 12;
  return plan;
}

using Key = std::tuple<std::int64_t,
                       std::int64_t,
                       std::int64_t,
                       std::int64_t,
                       std::int64_t,
                       PipelineOrder,
                       std::int64_t,
                       Recompute,
                       Sharding,
                       std::int64_t>;

Key key(const Plan& p) {
  return {p.tensor,
          p.context,
          p.data,
          p.pipeline,
          p.virtual_stages,
          p.order,
          p.micro_batch,
          p.recompute,
          p.sharding,
          p.shard};
}

bool accepted(const Plan& plan, const kernels::Model& model) {
  try {
    check(plan, model);
    kernels::Pipeline p;
    p.order = plan.order;
    p.ranks = plan.pipeline;
    p.chunks = plan.virtual_stages;
    p.micro_batches = plan.micro_batches();
    const bool dual = plan.order == PipelineOrder::dual_pipe;
    p.times.resize(static_cast<std::size_t>(p.ranks * (dual ? 1 : p.chunks)));
    (void)run(p);
    return true;
  } catch (const topology::Error&) {
    return false;
  }
}

/// Every plan over 1 to 12 of everything that is accepted, with one of those that are the same.
std::set<Key> everything(const kernels::Model& model, std::int64_t chips) {
  std::set<Key> all;
  Plan plan = given();
  for (plan.tensor = 1; plan.tensor <= chips; ++plan.tensor)
    for (plan.context = 1; plan.context <= chips; ++plan.context)
      for (plan.pipeline = 1; plan.pipeline <= chips; ++plan.pipeline) {
        const std::int64_t of_model = plan.tensor * plan.context * plan.pipeline;
        if (chips % of_model != 0) continue;
        plan.data = chips / of_model;
        for (plan.virtual_stages = 1; plan.virtual_stages <= 8; ++plan.virtual_stages)
          for (plan.micro_batch = 1; plan.micro_batch <= 12; ++plan.micro_batch)
            for (int order = 0; order < 6; ++order) {
              plan.order = static_cast<PipelineOrder>(order);
              const bool one = plan.pipeline == 1;
              if (one && (plan.order != PipelineOrder::one_f_one_b || plan.virtual_stages != 1))
                continue;
              if (plan.order == PipelineOrder::interleaved && plan.virtual_stages == 1)
                continue;  // is 1f1b
              if (!accepted(plan, model)) continue;
              for (const Recompute recompute : {Recompute::none, Recompute::full})
                for (int sharding = 0; sharding < 4; ++sharding) {
                  plan.recompute = recompute;
                  plan.sharding = static_cast<Sharding>(sharding);
                  if (sharding > 0 && plan.data * plan.context == 1) continue;
                  all.insert(key(plan));
                }
            }
      }
  return all;
}

/// With groups of chips within which replicas share, by definition: whole groups of tensor ranks,
/// more than one, some of the replicas.
std::set<Key> with_domains(const std::set<Key>& plans, const std::vector<std::int64_t>& domains) {
  std::set<Key> all = plans;
  for (const Key& plan : plans)
    for (const std::int64_t domain : domains) {
      const auto tensor = std::get<0>(plan);
      const auto replicas = std::get<1>(plan) * std::get<2>(plan);
      const bool divides = domain % tensor == 0 && replicas % (domain / tensor) == 0;
      if (!divides || domain == tensor || domain / tensor == replicas) continue;
      if (std::get<8>(plan) == Sharding::none) continue;
      Key in_domain = plan;
      std::get<9>(in_domain) = domain / tensor;
      all.insert(in_domain);
    }
  return all;
}

TEST(PlanSpace, HoldsSharingWithinDomainsOnce) {
  const kernels::Model model = small_model();
  const std::int64_t chips = 12;
  kernels::PlanSpace space = whole_space(model, given(), chips, chips);
  space.shard_domains = {2, 6};
  std::set<Key> found;
  for (const Plan& shape : shapes(space, model, given(), chips))
    for (const Plan& plan : spreads(space, model, shape, chips))
      EXPECT_TRUE(found.insert(key(plan)).second);
  EXPECT_EQ(found, with_domains(everything(model, chips), {2, 6}));
}

TEST(PlanSpace, HoldsEveryPlanThatIsAcceptedOnce) {
  const kernels::Model model = small_model();
  for (const std::int64_t chips : {1, 4, 6, 12}) {
    const kernels::PlanSpace space = whole_space(model, given(), chips, chips);
    std::set<Key> found;
    for (const Plan& shape : shapes(space, model, given(), chips))
      for (const Plan& plan : spreads(space, model, shape, chips)) {
        EXPECT_EQ(plan.chips(), chips);
        EXPECT_TRUE(found.insert(key(plan)).second);
      }
    EXPECT_EQ(found, everything(model, chips)) << chips;
  }
}

/// Chunks that have nothing alike.
std::vector<kernels::Pieces> own_pieces(std::size_t chunks) {
  std::vector<kernels::Pieces> all(chunks, kernels::Pieces(chunks));
  for (std::size_t c = 0; c < chunks; ++c) all[c][c] = 1;
  return all;
}

TEST(PipelineFloor, IsBelowEveryRunAndReachedWhereChunksAreEqual) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> seconds(0.01, 2);
  for (int trial = 0; trial < 4000; ++trial) {
    kernels::Pipeline p;
    p.order = static_cast<PipelineOrder>(trial % 6);
    p.ranks = 2 + 2 * (trial / 6 % 4);
    const bool two = p.order == PipelineOrder::zb_v || p.order == PipelineOrder::dual_pipe;
    p.chunks = two ? 2 : p.order == PipelineOrder::interleaved ? 2 + trial / 96 % 3 : 1;
    p.micro_batches = p.ranks * (1 + trial / 24 % 4) +
                      (p.order == PipelineOrder::interleaved
                           ? 0
                           : trial / 7 % 3 * (p.order == PipelineOrder::dual_pipe ? 2 : 1));
    p.transfer = topology::Seconds(trial % 5 == 0 ? 0.1 : 0);
    const bool dual = p.order == PipelineOrder::dual_pipe;
    const bool equal = trial % 2 == 0;
    for (std::int64_t c = 0; c < p.ranks * (dual ? 1 : p.chunks); ++c)
      p.times.push_back(equal ? kernels::ChunkTime{topology::Seconds(1),
                                                   topology::Seconds(1.5),
                                                   topology::Seconds(0.5)}
                              : kernels::ChunkTime{topology::Seconds(seconds(random)),
                                                   topology::Seconds(seconds(random)),
                                                   topology::Seconds(seconds(random))});
    const kernels::PipelineFloor floors(p.order, p.ranks, own_pieces(p.times.size()));
    const double floor = floors.time(p.times, p.micro_batches, p.transfer).value();
    const double time = run(p).time.value();
    EXPECT_LE(floor, time * (1 + 1e-12)) << kernels::name(p.order) << ", " << p.ranks;
    const bool exact = p.order == PipelineOrder::gpipe || p.order == PipelineOrder::one_f_one_b;
    if (equal && exact && p.transfer.value() == 0) {
      EXPECT_NEAR(floor, time, 1e-9);
    }
  }
}

}  // namespace
