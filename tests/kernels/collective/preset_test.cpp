// What Neuron runs, by its names: the phases they stand for, right and refused.
#include "kernels/collective/preset.hpp"

#include <gtest/gtest.h>

#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/verify.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/topology/scratch.hpp"

namespace {

using kernels::Collective;
using kernels::neuron_preset;
using topology::LevelShape;

topology::Machine servers() {
  return fixtures::machine(
      {{"x", LevelShape::ring, 4}, {"y", LevelShape::ring, 4}, {"pod", LevelShape::clos, 2}});
}

TEST(Neuron, NamesStandForPhases) {
  const auto server = fixtures::torus({4, 4});
  EXPECT_EQ(neuron_preset("mesh", server), "direct(x,y)");
  EXPECT_EQ(neuron_preset("rdh", server), "rhd(x,y)");
  EXPECT_EQ(neuron_preset("kangaring", server), "flat(x,y)");
  EXPECT_EQ(neuron_preset("ring", server), "ring(x)+ring(y)");
  EXPECT_EQ(neuron_preset("rdh+ring", servers()), "rhd(x,y)+ring(pod)");
  EXPECT_EQ(neuron_preset("kangaring+mesh", servers()), "flat(x,y)+direct(pod)");
  EXPECT_EQ(neuron_preset("mesh+rdh", servers()), "direct(x,y)+rhd(pod;ports=1)");
}

TEST(Neuron, EveryPairIsRight) {
  for (const char* inside : {"mesh", "rdh", "kangaring", "ring"})
    for (const char* between : {"ring", "mesh", "rdh"})
      for (const Collective c :
           {Collective::all_reduce, Collective::reduce_scatter, Collective::all_gather}) {
        const std::string text = std::string("neuron:") + inside + "+" + between;
        const auto schedule = kernels::build(c, servers(), text);
        EXPECT_EQ(schedule.algorithm, text);
        EXPECT_TRUE(kernels::verify(schedule).ok) << text;
      }
}

TEST(Neuron, SlipsAreAnsweredWithWhatIsExpected) {
  const auto refusal = [](const char* text, const topology::Machine& group) {
    return fixtures::refusal([&] { (void)kernels::build(Collective::all_reduce, group, text); });
  };
  fixtures::expect_mentions(refusal("neuron:kangring", fixtures::torus({4, 4})),
                            "did you mean 'kangaring'");
  fixtures::expect_mentions(refusal("neuron:rdh+kangaring", servers()), "between servers");
  fixtures::expect_mentions(refusal("neuron:rdh", servers()), "neuron:INSIDE+BETWEEN");
  fixtures::expect_mentions(refusal("neuron:rdh+ring", fixtures::torus({4, 4})), "0 between");
}

}  // namespace
