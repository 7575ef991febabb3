#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bench/exchange/chakra_step.hpp"
#include "bench/executor/mpi.hpp"
#include "bench/program/commands.hpp"
#include "bench/program/dry_run.hpp"
#include "bench/program/expected.hpp"
#include "bench/program/model_file.hpp"
#include "bench/program/model_table.hpp"
#include "bench/program/plan_record.hpp"
#include "bench/program/plan_search.hpp"
#include "bench/program/plan_table.hpp"
#include "bench/program/timeline_file.hpp"
#include "bench/program/train_flags.hpp"
#include "bench/program/train_record.hpp"
#include "bench/program/train_table.hpp"
#include "kernels/training/pipeline.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Plan;

/// One of a few words.
template <class Value>
Value chosen_of(const char* flag,
                const std::string& text,
                const std::vector<std::pair<const char*, Value>>& known) {
  std::string names;
  for (const auto& [word, value] : known) {
    if (text == word) return value;
    names += (names.empty() ? "" : ", ") + std::string(word);
  }
  topology::usage_error(fmt::format("{} {}: expected one of {}", flag, text, names));
}

Plan plan_of(const TrainOptions& o, const Job& job) {
  Plan plan = o.plan;
  const std::int64_t model = plan.tensor * plan.context * plan.pipeline;
  const std::int64_t chips = job.machine.chips();
  if (model < 1 || chips % model != 0)
    topology::usage_error(
        fmt::format("tensor {} x context {} x pipeline {} = {} does not divide the {} chip{}",
                    plan.tensor,
                    plan.context,
                    plan.pipeline,
                    model,
                    chips,
                    chips == 1 ? "" : "s"));
  plan.data = o.data > 0 ? o.data : chips / model;
  if (plan.sequence == 0) plan.sequence = job.model.context;
  check_sequence(job.model, plan.sequence);
  if (plan.batch == 0) plan.batch = plan.data * plan.micro_batch * plan.pipeline;
  plan.order = kernels::pipeline_order(plan.virtual_stages > 1 && o.order == "1f1b" ? "interleaved"
                                                                                    : o.order);
  plan.recompute = chosen_of<kernels::Recompute>("--recompute",
                                                 o.recompute,
                                                 {{"none", kernels::Recompute::none},
                                                  {"selective", kernels::Recompute::selective},
                                                  {"full", kernels::Recompute::full}});
  plan.flash_attention =
      chosen_of<bool>("--attention", o.attention, {{"flash", true}, {"unfused", false}});
  plan.context_kind = chosen_of<kernels::ContextKind>(
      "--context-kind",
      o.context_kind,
      {{"ring", kernels::ContextKind::ring}, {"ulysses", kernels::ContextKind::ulysses}});
  plan.type = topology::data_type(o.type);
  plan.matmul = o.matmul.empty() ? plan.type : topology::data_type(o.matmul);
  plan.gradient = topology::data_type(o.gradient);
  if (o.zero < 0 || o.zero > 3) topology::usage_error("--zero is 0, 1, 2 or 3");
  plan.sharding = static_cast<kernels::Sharding>(o.fsdp ? 3 : o.zero);
  plan.overlap_data = !o.no_overlap;
  return plan;
}

/// What the flags leave open.
kernels::PlanSpace space_of(const TrainOptions& o, const Job& job) {
  const Plan& plan = job.plan;
  kernels::PlanSpace space = whole_space(job, o.model_chips);
  const auto fix = [&o](const char* flag, auto& values, auto value) {
    if (o.given(flag)) values = {value};
  };
  fix("--tp", space.tensor, plan.tensor);
  fix("--cp", space.context, plan.context);
  fix("--ep", space.expert, plan.expert);
  fix("--pp", space.pipeline, plan.pipeline);
  fix("--vpp", space.virtual_stages, plan.virtual_stages);
  fix("--mbs", space.micro_batch, plan.micro_batch);
  fix("--schedule", space.orders, plan.order);
  fix("--recompute", space.recompute, plan.recompute);
  fix("--zero", space.sharding, plan.sharding);
  fix("--fsdp", space.sharding, plan.sharding);
  if (o.given("--shard")) space.shard_domains.clear();
  return space;
}

/// Else no plan is left, whatever the batch.
void check_experts_of_search(const Job& job) {
  kernels::check_experts(job.plan, job.model);
  if (job.machine.chips() % job.plan.expert != 0)
    topology::usage_error(
        fmt::format("--ep {} does not divide the {} chips", job.plan.expert, job.machine.chips()));
}

void check_search(const TrainOptions& o, const Job& job) {
  if (!o.given("--gbs"))
    topology::usage_error("--plan auto needs the sequences of a step: --gbs N");
  for (const char* flag : {"--dp", "--timeline", "--chakra", "--sensitivity"})
    if (o.given(flag))
      topology::usage_error(fmt::format("{} goes with one plan, not with --plan auto", flag));
  if (o.given("--ep")) check_experts_of_search(job);
  if (o.dry && o.json) topology::usage_error("--dry-run prints text; leave out --json");
  if (!o.output.empty() && !o.force) ResultFile::expect_free(o.output);
}

TrainRecord record_of(const TrainOptions& o) {
  return {o.output, o.force, o.model, {o.system}, o.software, o.overrides};
}

void search_plans(const TrainOptions& o, const Job& job) {
  check_search(o, job);
  if (o.dry) {
    if (speaks_before_init()) dry_search(job, space_of(o, job), o.keep, o.output);
    return;
  }
  const MpiSession session;
  SearchOptions options;
  options.keep = static_cast<std::size_t>(o.keep);
  const auto space = [&o](const Job& of) { return space_of(o, of); };
  const auto start = std::chrono::steady_clock::now();
  const SearchResult found = search_on_ranks(session, job, space(job), options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::vector<PartPlan> parts;
  if (o.fewer) parts = search_fewer_chips(session, job, space);
  MpiSession::end();
  if (session.rank() > 0) return;
  if (found.best.empty()) topology::usage_error(nothing_found(found));
  if (o.fewer) parts.insert(parts.begin(), {job.machine.chips(), found.best.front()});
  if (!o.output.empty()) record_search(record_of(o), job, found, parts);
  if (o.json)
    print_search_json(job, found, parts);
  else
    print_search(job, found, parts, topology::Seconds(took.count()));
}

void export_step(const TrainOptions& o, const Job& job) {
  const std::int64_t files = write_chakra_step(job, {o.chakra, o.chakra_ranks == "all", o.force});
  fmt::print(stderr, "{} of {} ranks: {}.RANK.et\n", files, job.plan.chips(), o.chakra);
}

void check_one_plan(const TrainOptions& o, const Job& job) {
  for (const char* flag : {"--dry-run", "--fewer-chips", "--keep", "--model-chips"})
    if (o.given(flag)) topology::usage_error(fmt::format("{} goes with --plan auto", flag));
  if (o.chakra.empty() && o.given("--chakra-ranks"))
    topology::usage_error("--chakra-ranks goes with --chakra");
  if (job.plan.expert_imbalance > static_cast<double>(job.plan.expert))
    topology::usage_error(
        fmt::format("--imbalance {:.6g}: the busiest of --ep {} expert ranks has at most {} times "
                    "the mean",
                    job.plan.expert_imbalance,
                    job.plan.expert,
                    job.plan.expert));
}

void train(const TrainOptions& o) {
  Job job;
  job.model = load_model(o.model);
  job.machine = topology::load_system(o.system, o.overrides);
  if (o.chips != 0) job.machine = topology::part(job.machine, o.chips);
  job.software = topology::load_software(o.software);
  job.plan = plan_of(o, job);
  if (!o.search.empty()) {
    search_plans(o, job);
    return;
  }
  check_one_plan(o, job);
  const Step step = predict_step(job);
  std::vector<Sensitivity> sensitivity;
  if (o.sensitivity) sensitivity = sensitivities(job);
  if (!speaks_before_init()) return;
  if (!o.timeline.empty()) write_timeline(o.timeline, timeline(job), job.model.name);
  if (!o.chakra.empty()) export_step(o, job);
  if (!o.output.empty()) record_step(record_of(o), job, step);
  if (o.json)
    print_step_json(job, step, sensitivity);
  else
    print_step(job, step, sensitivity);
  if (!step.fits(job.machine.chip))
    throw topology::Error(
        topology::ErrorKind::verdict,
        fmt::format("the plan needs {:.1f} GB on a chip that has {:.1f}: take more ranks for "
                    "the model, a smaller --mbs, --recompute full or --zero 3, or let "
                    "--plan auto find one",
                    step.memory.total().value() * 1e-9,
                    job.machine.chip.memory_capacity->value.value() * 1e-9));
}

}  // namespace

void add_train(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<TrainOptions>();
  options->plan.batch = 0;  // else as many sequences as fill the pipeline once
  CLI::App* train_command =
      app.add_subcommand("train", "Predict a training step of a model on a machine");
  train_command->add_option("--model,model", options->model, "name or config.json")->required();
  train_command->add_option("--system", options->system, "name or file");
  train_command->add_option("--chips", options->chips, "a part of it; default: all")
      ->check(whole(1));
  train_command->add_option("--set", options->overrides, "change a figure of the system");
  train_command->add_option(
      "--software", options->software, "name or file: what a framework reaches");
  options->command = train_command;
  add_train_flags(*train_command, *options);
  train_command->add_flag("--sensitivity", options->sensitivity, "d ln step / d ln of each figure");
  train_command->add_option(
      "--timeline", options->timeline, "write passes and operations as a Chrome trace");
  train_command->add_option(
      "--chakra", options->chakra, "write the step as execution traces NAME.RANK.et (ASTRA-sim)");
  train_command
      ->add_option("--chakra-ranks",
                   options->chakra_ranks,
                   "of which: one of each pipeline stage, or all chips")
      ->check(one_of({"pipeline", "all"}));
  train_command->add_option(
      "-O,--output", options->output, "write the step, or the plans, to this results file");
  train_command->add_flag(
      "--force", options->force, "overwrite earlier results; any number of traces");
  train_command->add_flag(
      "--dry-run", options->dry, "with --plan auto: say how many plans there are");
  train_command->add_flag("--json", options->json, "for programs");
  train_command->footer(
      "rainier train llama3.1-405b --chips 65536 --tp 64 --pp 8 --gbs 8192 --seq 8192 --sp\n"
      "rainier train llama3.1-405b --chips 65536 --plan auto --gbs 8192 --seq 8192 --keep 4\n"
      "rainier train llama3-8b --chips 64 --tp 4 --sensitivity");
  train_command->callback([options, &chosen] { chosen = [options] { train(*options); }; });
}

}  // namespace bench
