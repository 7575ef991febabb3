#include "bench/validation/published_step.hpp"

#include <string_view>

#include "bench/training/chunk_time.hpp"
#include "bench/training/operation_time.hpp"
#include "kernels/training/counts.hpp"

namespace bench {
namespace {

bool mentions(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

/// Sets that time a layer alone say so in the name of the model.
bool is_one_layer(const Job& job) {
  return mentions(job.model.name, "ONE-LAYER");
}

}  // namespace

Step published_step(const Job& job) {
  if (!is_one_layer(job)) return predict_step(job);
  check(job.plan, job.model);
  Groups groups;
  const OperationTimes times(job, groups);
  const ChunkSpending passes =
      ChunkTimes(job, times).of(kernels::Stage{job.model.layers, false, false});
  Step step;
  for (const Spending* pass : {&passes.forward, &passes.backward, &passes.weights})
    step.spending.add(*pass);
  step.time = step.spending.total();
  return step;
}

topology::Seconds time_of_rate(const PublishedRow& row, const Job& job) {
  const double rate =
      row.number_or("tflops_chip",
                    row.number_or("mfu_pct", 0) / 100 * row.number_or("peak_tflops", 0)) *
      1e12;
  const std::string& convention = row.text("flops_convention");
  const auto scores = mentions(convention, "non-causal") || mentions(convention, "Bslh^2")
                          ? kernels::Scores::full
                          : kernels::Scores::causal;
  const auto count =
      mentions(convention, "hardware") && job.plan.recompute == kernels::Recompute::full
          ? kernels::recomputed_flops
          : kernels::training_flops;
  if (!(rate > 0)) return {};
  return static_cast<double>(job.plan.batch * job.plan.sequence) *
         count(job.model, job.plan.sequence, scores) /
         topology::FlopsPerSecond(rate * static_cast<double>(job.plan.chips()));
}

}  // namespace bench
