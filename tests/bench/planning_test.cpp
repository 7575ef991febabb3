// The search against a prediction of every plan of small spaces.
#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "bench/planning/search.hpp"
#include "bench/planning/shape_price.hpp"
#include "bench/program/model_file.hpp"
#include "tests/sanitized.hpp"
#include "topology/error.hpp"

namespace {

using bench::FoundPlan;
using bench::Job;
using kernels::Plan;

Job job(const char* model, const char* system, std::int64_t chips) {
  Job all;
  all.model = bench::load_model(model);
  all.machine = topology::slice(topology::load_system(system), chips);
  all.software = topology::load_software("default");
  all.plan.sequence = 4096;
  all.plan.batch = 2 * chips;
  return all;
}

/// Small enough to predict every plan, with something in it that does not fit; with sanitizers a
/// part of them.
kernels::PlanSpace small_space(const Job& job) {
  kernels::PlanSpace space = bench::whole_space(job, job.machine.chips());
  const auto at_most = [](std::vector<std::int64_t>& values, std::int64_t most) {
    std::erase_if(values, [most](std::int64_t v) { return v > most; });
  };
  at_most(space.tensor, 4);
  at_most(space.context, 2);
  at_most(space.expert, 4);
  at_most(space.micro_batch, 2);
  at_most(space.pipeline, 4);
  at_most(space.virtual_stages, 2);
  if (fixtures::sanitized) {
    space.tensor = {1, 2};
    space.micro_batch = {1};
    space.pipeline = {2};
  }
  return space;
}

struct Predicted {
  std::vector<FoundPlan> fitting;  ///< by time
  std::int64_t plans = 0;
};

/// By predict_step alone.
Predicted everything(const Job& job, const kernels::PlanSpace& space) {
  Predicted all;
  Job one = job;
  for (const Plan& shape : shapes(space, job.model, job.plan, job.machine.chips()))
    for (const Plan& plan : spreads(space, job.model, shape, job.machine.chips())) {
      ++all.plans;
      one.plan = plan;
      try {
        const bench::Step step = bench::predict_step(one);
        if (step.memory.total() <= job.machine.chip.memory_capacity->value)
          all.fitting.push_back({plan, step.time, step.memory.total(), {}, 0, 0});
      } catch (const topology::Error&) {
        continue;  // does not divide the levels
      }
    }
  std::stable_sort(all.fitting.begin(),
                   all.fitting.end(),
                   [](const FoundPlan& a, const FoundPlan& b) { return a.time < b.time; });
  return all;
}

TEST(Search, FindsWhatAPredictionOfEveryPlanFinds) {
  for (const char* model : {"llama3-8b", "mixtral-8x7b"}) {
    const Job j = job(model, "trn2-ultraserver", 16);
    const kernels::PlanSpace space = small_space(j);
    const Predicted all = everything(j, space);
    const bench::SearchResult found = search(j, space);
    ASSERT_GE(all.fitting.size(), 20U) << model;
    ASSERT_EQ(found.best.size(), 10U);
    for (std::size_t i = 0; i < found.best.size(); ++i)
      EXPECT_EQ(found.best[i].time.value(), all.fitting[i].time.value()) << model << " " << i;
    const bench::SearchCounts& c = found.counts;
    EXPECT_EQ(c.plans, all.plans);
    EXPECT_GT(c.too_large, 0);
    EXPECT_GT(c.bounded, 0);
    EXPECT_GE(c.plans, c.misfits + c.bounded + c.predicted);
  }
}

TEST(Search, CountsContextsThatHaveNoHeadsForUlyssesAsMisfits) {
  Job j = job("llama3-8b", "trn2-ultraserver", 64);
  kernels::PlanSpace space = small_space(j);
  space.tensor = {1};
  space.pipeline = {1};
  space.context = {16, 64};  // of 32 heads
  const std::int64_t misfits = search(j, space).counts.misfits;
  j.plan.context_kind = kernels::ContextKind::ulysses;
  const bench::SearchResult found = search(j, space);
  EXPECT_GT(found.counts.misfits, misfits);
  EXPECT_NE(found.misfit.find("cannot be ulysses"), std::string::npos) << found.misfit;
  for (const FoundPlan& plan : found.best) EXPECT_EQ(plan.plan.context, 16);
}

TEST(Search, FindsTheFastestWithinSharesOfTheMemory) {
  const Job j = job("llama3-8b", "trn2-ultraserver", 16);
  const kernels::PlanSpace space = small_space(j);
  const std::vector<FoundPlan> all = everything(j, space).fitting;
  const bench::SearchResult found = search(j, space);
  std::size_t at = 0;
  for (const double share : bench::memory_shares) {
    const topology::Bytes most = share * j.machine.chip.memory_capacity->value;
    const auto fastest = std::find_if(
        all.begin(), all.end(), [most](const FoundPlan& plan) { return plan.memory <= most; });
    if (fastest == all.end()) continue;
    if (found.front[at].memory > most) ++at;
    ASSERT_LT(at, found.front.size());
    EXPECT_EQ(found.front[at].time.value(), fastest->time.value()) << share;
  }
  EXPECT_EQ(at + 1, found.front.size());
}

TEST(Search, PartsMakeTheWhole) {
  const Job j = job("llama3-8b", "trn2-ultraserver", 16);
  const kernels::PlanSpace space = small_space(j);
  const bench::SearchResult whole = search(j, space);
  bench::SearchResult merged;
  for (std::int64_t part = 0; part < 3; ++part)
    merged.add(search(j, space, {10, part, 3, {}, true}), 10, bench::memory_capacity(j.machine));
  ASSERT_EQ(merged.best.size(), whole.best.size());
  for (std::size_t i = 0; i < whole.best.size(); ++i)
    EXPECT_EQ(merged.best[i].number, whole.best[i].number);
  ASSERT_EQ(merged.front.size(), whole.front.size());
  EXPECT_EQ(merged.counts.plans, whole.counts.plans);
}

/// Of all plans of some shapes: quick <= full <= step, and no more memory than the step's.
void expect_floors(const Job& j, const kernels::PlanSpace& space) {
  bench::Groups groups;
  bench::PipelineFloors floors(j.model);
  bench::ShapePrice price(j, groups, floors);
  bench::ShapePrice in_turn(j, groups, floors);  // told of ranks only where they change
  Job one = j;
  std::int64_t held = 0;
  for (const Plan& shape : shapes(space, j.model, j.plan, j.machine.chips())) {
    std::optional<bench::PieceCosts> costs;
    std::int64_t pipeline = 0;
    for (const Plan& plan : spreads(space, j.model, shape, j.machine.chips())) {
      one.plan = plan;
      try {
        const bench::Step step = bench::predict_step(one);
        if (!costs) costs = price.costs(shape);
        price.use(plan, *costs);
        if (plan.pipeline != pipeline) in_turn.use(plan, *costs);
        pipeline = plan.pipeline;
        const double quick = price.quick_time(plan).value();
        const double full = price.full_time(plan).value();
        EXPECT_LE(quick, full * (1 + 1e-12));
        EXPECT_LE(full, step.time.value());
        EXPECT_LE(price.memory(plan).value(), step.memory.total().value());
        EXPECT_EQ(price.memory(plan).value(), in_turn.memory(plan).value());
        ++held;
      } catch (const topology::Error&) {
        continue;
      }
    }
  }
  EXPECT_GT(held, 100);
}

TEST(ShapePrice, IsBelowThePrediction) {
  for (const char* model : {"mixtral-8x7b", "llama4-scout"}) {  // layers alike, two kinds in turn
    const Job j = job(model, "trn2-ultraserver", 16);
    kernels::PlanSpace space = small_space(j);
    if (fixtures::sanitized) space.tensor = {2};
    expect_floors(j, space);
  }
}

}  // namespace
