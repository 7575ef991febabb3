// Generations: figures taken over group by group leave the other machine; a resource that costs
// nothing is a bound of whatever becomes of it.
#include "bench/planning/generations.hpp"

#include <gtest/gtest.h>

#include "bench/program/model_file.hpp"
#include "tests/sanitized.hpp"
#include "topology/error.hpp"

namespace {

using bench::FigureGroup;
using bench::NamedFigure;
using bench::TrainingTask;
using topology::Machine;

TrainingTask task() {
  TrainingTask task;
  task.model = bench::load_model("llama3-8b");
  task.software = topology::load_software("default");
  task.given.sequence = 4096;
  task.given.batch = 128;
  return task;
}

constexpr std::int64_t chips = fixtures::sanitized ? 16 : 64;  // fewer plans

void expect_same_figures(const Machine& a, const Machine& b) {
  const std::vector<NamedFigure> as = bench::figures(a);
  const std::vector<NamedFigure> bs = bench::figures(b);
  ASSERT_EQ(as.size(), bs.size());
  for (std::size_t i = 0; i < as.size(); ++i) {
    if (as[i].group == "cost") continue;
    EXPECT_EQ(as[i].key, bs[i].key);
    EXPECT_EQ(as[i].value, bs[i].value) << as[i].key;
    EXPECT_EQ(as[i].source, bs[i].source) << as[i].key;
  }
}

TEST(FigureGroups, TakenInOrderLeaveTheOtherMachine) {
  for (const char* from : {"rainier", "rainier-trn3-gen2", "h100-dgx"})
    for (const char* to : {"rainier-trn4", "rainier", "tpu-v5p"}) {
      Machine machine = topology::load_system(from);
      const Machine other = topology::load_system(to);
      machine.chip.power = other.chip.power;
      machine.chip.power_all_in = other.chip.power_all_in;
      machine.chip.price = other.chip.price;
      for (const FigureGroup& group : bench::figure_groups()) group.take(machine, other);
      expect_same_figures(machine, other);
    }
}

// Every figure is in exactly the group that takes it.
TEST(FigureGroups, NameTheFiguresThatTheyTake) {
  const Machine from = topology::load_system("rainier");
  const Machine to = topology::load_system("rainier-trn4");
  for (const FigureGroup& group : bench::figure_groups()) {
    if (std::string(group.name) == "scale-up links" || std::string(group.name) == "network")
      continue;  // other levels
    Machine machine = from;
    group.take(machine, to);
    const std::vector<NamedFigure> before = bench::figures(from);
    for (const NamedFigure& after : bench::figures(machine))
      for (const NamedFigure& figure : before)
        if (figure.key == after.key && figure.source != after.source) {
          EXPECT_EQ(figure.group, group.name) << figure.key;
        }
  }
}

TEST(Generations, FactorsOfTheWaterfallMultiplyToTheSpeedup) {
  const Machine from = topology::load_system("rainier");
  const Machine to = topology::load_system("rainier-trn4");
  const bench::Waterfall fall = bench::waterfall(task(), from, to, chips);
  double product = 1;
  for (const bench::WaterfallStep& step : fall.steps) product *= step.factor;
  const double speedup =
      bench::best_plan(task(), from, chips).time / bench::best_plan(task(), to, chips).time;
  EXPECT_NEAR(product, speedup, 1e-12 * speedup);
  EXPECT_DOUBLE_EQ(fall.speedup(), speedup);
  EXPECT_DOUBLE_EQ(fall.steps.front().factor, fall.steps.front().alone);
}

TEST(Generations, NothingBeatsAResourceThatCostsNothing) {
  const Machine whole = topology::load_system("rainier");
  const topology::Seconds best = bench::best_plan(task(), whole, chips).time;
  const std::vector<double> bounds = bench::bounds(task(), whole, chips, best);
  ASSERT_EQ(bounds.size(), bench::figure_groups().size());
  for (std::size_t g = 0; g < bounds.size(); ++g) EXPECT_GE(bounds[g], 1 - 1e-12) << g;
  Machine fast = whole;
  for (topology::ComputeRate& rate : fast.chip.compute)
    if (rate.roof) rate.roof->value = rate.roof->value * 50;
  const double faster = best / bench::best_plan(task(), fast, chips).time;
  EXPECT_GT(faster, 1.2);
  EXPECT_LE(faster, bounds[0]);
  fast = whole;
  fast.chip.memory_bandwidth->value = fast.chip.memory_bandwidth->value * 1000;
  EXPECT_NEAR(best / bench::best_plan(task(), fast, chips).time, bounds[1], 0.01 * bounds[1]);
}

TEST(Generations, NeededLinksGiveTheWantedStep) {
  Machine whole = topology::load_system("rainier");
  for (topology::Level& level : whole.levels) level.bandwidth.value = 0.05 * level.bandwidth.value;
  const topology::Seconds best = bench::best_plan(task(), whole, chips).time;
  const topology::Seconds wanted = best / 1.2;
  const bench::NeededLinks needed = bench::needed_links(task(), whole, chips, best, wanted);
  ASSERT_GT(needed.factor, 1);
  const auto with = [&](double factor) {
    Machine machine = whole;
    for (topology::Level& level : machine.levels)
      level.bandwidth.value = level.bandwidth.value * factor;
    return bench::best_plan(task(), machine, chips).time;
  };
  EXPECT_LE(with(needed.factor), wanted);
  EXPECT_GT(with(needed.factor / 1.02), wanted);
  EXPECT_EQ(bench::needed_links(task(), whole, chips, best, best / 1000).factor, 0);
  EXPECT_LT(bench::needed_links(task(), whole, chips, best, best * 1.1).factor, 1);
}

TEST(Generations, ABudgetBuysPartsThatSplitTheBatch) {
  const Machine whole = topology::load_system("rainier");
  const bench::PartPlan part = bench::within_budget(task(), whole, 100);
  EXPECT_EQ(part.chips, 64);  // 96 and 80 are no parts of this machine
  EXPECT_EQ(part.plan.time, bench::best_plan(task(), whole, 64).time);
  EXPECT_EQ(bench::within_budget(task(), whole, 63).chips, 16);  // half a ring is no ring
  EXPECT_THROW((void)bench::within_budget(task(), whole, 0), topology::Error);
}

}  // namespace
