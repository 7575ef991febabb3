#include "bench/training/step.hpp"

#include "bench/training/job_times.hpp"
#include "kernels/training/counts.hpp"
#include "kernels/training/pipeline.hpp"

namespace bench {
namespace {

/// With what is computed again, a token; a flash kernel's own scores in its backward pass left out,
/// as published figures do.
topology::Flops hardware_flops(const Job& job) {
  const kernels::Plan& plan = job.plan;
  if (plan.recompute == kernels::Recompute::full) return recomputed_flops(job.model, plan.sequence);
  if (plan.recompute == kernels::Recompute::selective && !plan.flash_attention)
    return rescored_flops(job.model, plan.sequence);
  return training_flops(job.model, plan.sequence);
}

void count(Step& step, const Job& job) {
  const kernels::Plan& plan = job.plan;
  step.tokens = static_cast<double>(plan.batch * plan.sequence);
  step.model = step.tokens * training_flops(job.model, plan.sequence);
  step.hardware = step.tokens * hardware_flops(job);
  step.peak =
      static_cast<double>(plan.chips()) * kernels::tensor_engine(job.machine.chip, plan.type).peak;
}

}  // namespace

Step predict_step(const Job& job, Groups& groups) {
  check(job.plan, job.model);
  const JobTimes times(job, groups);
  const kernels::Pipeline pipeline = times.pipeline(false);
  const kernels::PipelineRun run = kernels::run(pipeline);
  Step step;
  for (std::int64_t r = 0; r < pipeline.ranks; ++r) {
    const kernels::PipelineRank& rank = run.ranks[static_cast<std::size_t>(r)];
    const kernels::Memory needed = times.memory(pipeline, rank, r);
    if (needed.total() > step.memory.total()) step.memory = needed;
    Spending spending = times.passes(pipeline, rank, r);
    spending.add(times.after(pipeline, rank, r));
    if (spending.total() <= step.time) continue;
    step.time = spending.total();
    step.spending = spending;
    step.rank = r;
  }
  count(step, job);
  return step;
}

Step predict_step(const Job& job) {
  Groups groups;
  return predict_step(job, groups);
}

}  // namespace bench
