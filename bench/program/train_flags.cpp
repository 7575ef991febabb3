#include "bench/program/train_flags.hpp"

#include "bench/program/expected.hpp"
#include "kernels/training/pipeline.hpp"

namespace bench {
namespace {

// Limits far beyond any machine, so that no product of a few of these leaves 64 bits.
constexpr std::int64_t most_plan_ranks = 1000000;
constexpr std::int64_t most_of_plan = 1000000000;

void add_shape(CLI::App& train, TrainOptions& o) {
  kernels::Plan& plan = o.plan;
  train.add_option("--tp,--tensor-model-parallel-size", plan.tensor, "tensor-parallel ranks")
      ->check(whole(1, most_plan_ranks));
  train.add_option("--pp,--pipeline-model-parallel-size", plan.pipeline, "pipeline stages")
      ->check(whole(1, most_plan_ranks));
  train.add_option("--dp,--data-parallel-size", o.data, "replicas; default: the chips left")
      ->check(whole(1, most_of_plan));
  train.add_option("--cp,--context-parallel-size", plan.context, "ranks that split a sequence")
      ->check(whole(1, most_plan_ranks));
  train
      .add_option("--ep,--expert-model-parallel-size", plan.expert, "ranks that split the experts")
      ->check(whole(1, most_plan_ranks));
  train.add_option("--vpp,--virtual-stages", plan.virtual_stages, "chunks of layers a stage")
      ->check(whole(1, most_plan_ranks));
  train.add_option("--schedule", o.order, "of the pipeline")
      ->check(one_of(kernels::pipeline_order_names()));
  train.add_option("--seq,--seq-length", plan.sequence, "tokens; default: the model's longest")
      ->check(whole(1, most_of_plan));
  train.add_option("--mbs,--micro-batch-size", plan.micro_batch, "sequences")
      ->check(whole(1, most_plan_ranks));
  train.add_option("--gbs,--global-batch,--global-batch-size", plan.batch, "sequences of a step")
      ->check(whole(1, most_of_plan));
  train.add_flag("--sp,--sequence-parallel", plan.sequence_parallel, "split norms over --tp, too");
  train.add_option("--context-kind", o.context_kind, "how a sequence is split")
      ->check(one_of({"ring", "ulysses"}));
}

void add_memory(CLI::App& train, TrainOptions& o) {
  train
      .add_option(
          "--recompute,--recompute-granularity", o.recompute, "activations that are computed again")
      ->check(one_of({"none", "selective", "full"}));
  train.add_option("--attention", o.attention, "kernel")->check(one_of({"flash", "unfused"}));
  train.add_option("--zero,--zero-stage", o.zero, "what the replicas share")
      ->check(one_of({"0", "1", "2", "3"}));
  train.add_flag("--fsdp", o.fsdp, "as --zero 3")->excludes(train.get_option("--zero"));
  train.add_option("--shard", o.plan.shard, "ranks that share (HSDP); default: all replicas")
      ->check(whole(0, most_of_plan));
  train.add_option("-d,--dtype", o.type, "of parameters and activations");
  train.add_option("--matmul-dtype", o.matmul, "of the layers' matmuls: fp8, …; default: --dtype");
  train.add_option("--grad-dtype", o.gradient, "in which gradients are summed");
  train.add_option("--imbalance", o.plan.expert_imbalance, "busiest expert rank over the mean")
      ->check(number_from(1));
  train.add_flag("--overlap-tp", o.plan.overlap_tensor, "hide --tp collectives behind matmuls");
  train.add_flag("--etp", o.plan.split_experts, "split each expert over the tensor ranks, too");
  train.add_flag("--ep-groups",
                 o.plan.grouped_experts,
                 "tokens cross once to each group of experts that they choose");
  train.add_flag("--overlap-ep", o.plan.overlap_expert, "hide all-to-alls of experts");
  train.add_flag("--no-overlap-dp", o.no_overlap, "gradients move after the passes");
}

void add_search(CLI::App& train, TrainOptions& o) {
  train
      .add_option("--plan", o.search, "auto: find the best of all plans that the flags leave open")
      ->check(one_of({"auto"}));
  train.add_flag("--fewer-chips",
                 o.fewer,
                 "with --plan auto: the best plan on half of the chips, a quarter, …, too");
  train.add_option("--keep", o.keep, "plans that are listed")->check(whole(1, 1000));
  train
      .add_option("--model-chips",
                  o.model_chips,
                  "most that --tp times --cp takes in a search; default: what a "
                  "NIC is not needed for")
      ->check(whole(1));
}

}  // namespace

void add_train_flags(CLI::App& train, TrainOptions& options) {
  add_search(train, options);
  add_shape(train, options);
  add_memory(train, options);
}

}  // namespace bench
