// What a chip holds of a model: activations and states against the papers, and all chips together
// against the model.
#include "kernels/training/memory.hpp"

#include <string>

#include <gtest/gtest.h>

#include "kernels/training/counts.hpp"
#include "kernels/training/stage.hpp"
#include "tests/kernels/training/small_models.hpp"
#include "topology/error.hpp"

namespace {

using fixtures::experts;
using fixtures::gpt;
using fixtures::llama;
using fixtures::plan;
using kernels::Layer;
using kernels::Model;
using kernels::Plan;

// Korthikanti et al., table 2, bytes of a layer over s b h: 34 + 5 a s / h alone; 10 + 24/t + 5 a s
// / (h t); (34 + 5 a s / h) / t with sequence parallelism; without the scores when they come again.
TEST(Memory, ActivationsAreThoseOfThePaper) {
  const Model model = gpt();
  const Layer& layer = model.layers[0].layer;
  const double unit = 4.0 * 2048 * 1024;
  const double scores = 5.0 * 16 * 2048 / 1024;
  const auto kept = [&](Plan p) {
    p.flash_attention = false;
    return layer_activations(model, layer, p).value() / unit;
  };
  EXPECT_DOUBLE_EQ(kept(plan()), 34 + scores);
  EXPECT_DOUBLE_EQ(kept(plan(4)), 10 + 24.0 / 4 + scores / 4);
  EXPECT_DOUBLE_EQ(kept(plan(4, true)), (34 + scores) / 4);
  Plan selective = plan(4, true);
  selective.recompute = kernels::Recompute::selective;
  EXPECT_DOUBLE_EQ(kept(selective), 34.0 / 4);
}

// 16 or 18 bytes a parameter, what is shared divided by the ranks that share: ZeRO, section 3.
TEST(Memory, StatesOfAParameter) {
  const Model model = llama();
  Plan p = plan();
  p.data = 8;
  p.batch = 32;
  const auto parameters = static_cast<double>(kernels::parameters(model).total() - model.hidden);
  const auto states = [&](kernels::Sharding sharding) {
    p.sharding = sharding;
    const kernels::Memory m = memory(model, p, stages(model, p), 1);
    return (m.parameters + m.gradients + m.optimizer).value() / parameters;
  };
  EXPECT_NEAR(states(kernels::Sharding::none), 18, 1e-9);
  EXPECT_NEAR(states(kernels::Sharding::optimizer), 2 + 4 + 12.0 / 8, 1e-9);
  EXPECT_NEAR(states(kernels::Sharding::gradients), 2 + 16.0 / 8, 1e-9);
  EXPECT_NEAR(states(kernels::Sharding::parameters), 18.0 / 8, 1e-9);
}

// Parameters that are shared are whole while they are used: those of a layer and the next, table
// and head all the time.
TEST(Memory, SharedParametersAreWholeInUse) {
  const Model model = llama();
  Plan p = plan();
  p.data = 8;
  const double alone = working(model, p, stages(model, p)).value();
  p.sharding = kernels::Sharding::parameters;
  const auto layer =
      static_cast<double>(layer_parameters(model.layers[0].layer, model.hidden).total());
  EXPECT_DOUBLE_EQ(working(model, p, stages(model, p)).value() - alone,
                   2 * (2 * layer + 2 * 51200 * 1024));
}

// What all ranks of a replica hold is the model, but for norms and routers, which all have.
TEST(Stage, RanksTogetherHoldTheModel) {
  for (const Model& model : {gpt(), llama(), experts()}) {
    Plan p = plan(4);
    p.pipeline = 5;
    p.data = 4;
    if (model.layers[0].layer.experts) p.expert = 16;
    double held = 0;
    std::int64_t depth = 0;
    for (const kernels::Stage& stage : stages(model, p)) {
      const kernels::HeldParameters of = held_parameters(model, p, stage);
      held += 4 * of.dense + 16 * of.experts;
      depth += stage.depth();
      EXPECT_GE(stage.depth(), 4);
      EXPECT_LE(stage.depth(), 5);
    }
    EXPECT_EQ(depth, 24);
    const kernels::Parameters counts = kernels::parameters(model);
    const auto everywhere = static_cast<double>(counts[kernels::ModelPart::norms] - model.hidden +
                                                counts[kernels::ModelPart::router] +
                                                counts[kernels::ModelPart::positions]);
    EXPECT_NEAR(
        held, static_cast<double>(counts.total() - model.hidden) + 3 * everywhere, 1e-3 * held);
  }
}

TEST(Plan, RefusesWhatTheModelCannotBeCutInto) {
  const auto message = [](const Plan& p, const Model& model) {
    try {
      check(p, model);
    } catch (const topology::Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Plan p = plan();
  p.batch = 4;
  EXPECT_EQ(message(p, gpt()), "");
  p.tensor = 3;
  EXPECT_NE(message(p, gpt()).find("3 does not divide the 16 attention heads"), std::string::npos);
  p = plan();
  p.batch = 6;
  EXPECT_NE(message(p, gpt()).find("choose a multiple of 4"), std::string::npos);
  p = plan();
  p.batch = 4;
  p.expert = 2;
  EXPECT_NE(message(p, gpt()).find("no experts"), std::string::npos);
  p.expert = 1;
  p.pipeline = 26;  // embedding and head may have a stage each
  EXPECT_EQ(message(p, gpt()), "");
  p.pipeline = 27;
  EXPECT_NE(message(p, gpt()).find("24 layers"), std::string::npos);
  p.pipeline = 0;
  EXPECT_NE(message(p, gpt()).find("pipeline parallelism is 0"), std::string::npos);
}

}  // namespace
