#include "bench/planning/sieve.hpp"

#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Plan;

/// More than the plans of a shape: numbers of one do not run into those of the next.
constexpr std::int64_t spreads_of_a_shape = 1'000'000;

bool same_pipeline(const Plan& one, const Plan& other) {
  return one.pipeline == other.pipeline && one.virtual_stages == other.virtual_stages &&
         one.order == other.order;
}

}  // namespace

std::size_t PricedShapes::index(const Candidate& candidate) {
  return static_cast<std::size_t>(candidate.number / spreads_of_a_shape);
}

Plan PricedShapes::plan(const Candidate& candidate) const {
  Plan plan = plans[index(candidate)];
  plan.pipeline = candidate.pipeline;
  plan.data /= candidate.pipeline;  // a shape has all chips in one stage
  plan.virtual_stages = candidate.virtual_stages;
  plan.order = candidate.order;
  plan.sharding = candidate.sharding;
  plan.shard = candidate.shard;
  return plan;
}

Sieve::Sieve(const Job& job, const kernels::PlanSpace& space, PricedShapes& shapes)
    : job_(job),
      space_(space),
      shapes_(shapes),
      capacity_(memory_capacity(job.machine)),
      floors_(job_.model),
      price_(job, groups_, floors_) {}

void Sieve::add(std::size_t shape) {
  auto number = static_cast<std::int64_t>(shape) * spreads_of_a_shape;
  Plan before;
  before.pipeline = 0;
  bool fitting = false;
  for (const Plan& plan :
       kernels::spreads(space_, job_.model, shapes_.plans[shape], job_.machine.chips())) {
    ++counts.plans;
    const bool other_ranks = plan.pipeline != before.pipeline || plan.shard != before.shard;
    if (other_ranks) fitting = fits(shape, plan);
    if (!fitting) {
      ++counts.misfits;
    } else {
      if (other_ranks || !same_pipeline(plan, before)) time_ = price_.quick_time(plan);
      consider(plan, number);
    }
    before = plan;
    ++number;
  }
}

bool Sieve::fits(std::size_t shape, const Plan& plan) {
  try {
    kernels::check(plan, job_.model);
    std::optional<PieceCosts>& costs = shapes_.costs[shape];
    if (!costs) costs = price_.costs(plan);
    price_.use(plan, *costs);
    return true;
  } catch (const topology::Error& error) {
    if (misfit.empty()) misfit = error.what();
    return false;
  }
}

void Sieve::consider(const Plan& plan, std::int64_t number) {
  const topology::Bytes memory = price_.memory(plan);
  if (memory > capacity_) {
    ++counts.too_large;
    return;
  }
  candidates.push_back({{time_, memory},
                        number,
                        static_cast<std::int32_t>(plan.pipeline),
                        static_cast<std::int32_t>(plan.virtual_stages),
                        static_cast<std::int32_t>(plan.shard),
                        plan.order,
                        plan.sharding,
                        false});
}

void Sieve::bound(Candidate& candidate) {
  const Plan plan = shapes_.plan(candidate);
  price_.use(plan, *shapes_.costs[PricedShapes::index(candidate)]);
  candidate.floor.time = price_.full_time(plan);
  candidate.full = true;
}

FoundPlan Sieve::predicted(const Candidate& candidate) {
  job_.plan = shapes_.plan(candidate);
  const Step step = predict_step(job_, groups_);
  return {job_.plan, step.time, step.memory.total(), step.spending, step.mfu(), candidate.number};
}

}  // namespace bench
