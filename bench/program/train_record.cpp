#include "bench/program/train_record.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "bench/program/model_file.hpp"
#include "bench/program/modelled_tables.hpp"
#include "bench/program/recorded_command.hpp"
#include "bench/program/rows.hpp"
#include "kernels/training/pipeline.hpp"
#include "topology/parse.hpp"
#include "topology/shipped.hpp"

namespace bench {
namespace {

using kernels::Plan;
using topology::Status;

std::string text(const char* words) {
  return words;
}

const char* short_name(Spent axis) {
  constexpr std::array names{"tensor", "context", "expert", "pipeline", "data"};
  return names.at(static_cast<std::size_t>(axis) - static_cast<std::size_t>(exposed_axes.front()));
}

/// The level on which an axis waits longest.
std::size_t slowest(const Job& job, const Spending& spending, Spent axis) {
  std::size_t most = 0;
  for (std::size_t l = 1; l <= job.machine.levels.size(); ++l)
    if (spending.exposed_on(axis, l) > spending.exposed_on(axis, most)) most = l;
  return most;
}

Status of_level(const Job& job, std::size_t level) {
  return level < job.machine.levels.size() ? job.machine.levels[level].bandwidth.status
                                           : job.machine.overhead.status;
}

template <class Q>
Status weaker(Status status, const topology::Figure<Q>& figure) {
  return figure ? std::max(status, figure->status) : status;
}

/// Of one part of the step.
Status evidence(const Job& job, const Spending& spending, Spent part) {
  const topology::Chip& chip = job.machine.chip;
  const topology::Software& software = job.software;
  const auto of_engines = [&](topology::DataType type, const topology::Figure<double>& share) {
    const topology::ComputeRate& rate = chip.rate(type);
    return weaker(weaker(Status::published, rate.roof ? rate.roof : rate.peak), share);
  };
  switch (part) {
    case Spent::matmul:
    case Spent::bubble:  // waits for passes of others, matmuls most of all
      return of_engines(job.plan.matmul, software.matmul);
    case Spent::attention:
      return of_engines(job.plan.type, software.attention);
    case Spent::elementwise:
    case Spent::optimizer:
      return weaker(weaker(Status::published, chip.memory_bandwidth), software.elementwise);
    case Spent::launch:
      return weaker(Status::published, software.launch);
    default:
      return weaker(of_level(job, slowest(job, spending, part)), software.collective);
  }
}

Status evidence(const Job& job, const Step& step) {
  const auto& parts = step.spending.of;
  const auto most = std::max_element(parts.begin(), parts.end()) - parts.begin();
  return evidence(job, step.spending, static_cast<Spent>(most));
}

void add_plan(Table::Row& row, const Plan& plan) {
  const bool ring = plan.context_kind == kernels::ContextKind::ring;
  const Table::Row cells{plan.chips(),
                         plan.tensor,
                         plan.context,
                         plan.data,
                         plan.pipeline,
                         plan.expert,
                         std::int64_t{plan.split_experts ? 1 : 0},
                         std::int64_t{plan.grouped_experts ? 1 : 0},
                         plan.virtual_stages,
                         text(kernels::name(plan.order)),
                         plan.sequence,
                         plan.micro_batch,
                         plan.batch,
                         std::int64_t{plan.sequence_parallel ? 1 : 0},
                         text(ring ? "ring" : "ulysses"),
                         text(name(plan.recompute)),
                         std::int64_t{plan.flash_attention ? 1 : 0},
                         static_cast<std::int64_t>(plan.sharding),
                         plan.shard,
                         plan.expert_imbalance,
                         text(topology::name(plan.type)),
                         text(topology::name(plan.matmul)),
                         text(topology::name(plan.gradient))};
  row.insert(row.end(), cells.begin(), cells.end());
}

Table::Row training_row(const Job& job, const Step& step) {
  Table::Row row{job.machine.name, job.machine.chip.name, job.model.name, job.software.name};
  add_plan(row, job.plan);
  for (const double value : {step.time.value(),
                             step.tokens,
                             step.tokens_per_second(),
                             step.mfu(),
                             step.hfu(),
                             step.peak.value()})
    row.emplace_back(value);
  row.emplace_back(step.rank);
  for (const topology::Seconds part : step.spending.of) row.emplace_back(part.value());
  const kernels::Memory& m = step.memory;
  for (const topology::Bytes part :
       {m.parameters, m.gradients, m.optimizer, m.activations, m.working})
    row.emplace_back(part.value());
  const auto& capacity = job.machine.chip.memory_capacity;
  row.emplace_back(capacity ? capacity->value.value() : std::numeric_limits<double>::quiet_NaN());
  row.emplace_back(text(topology::name(evidence(job, step))));
  return row;
}

std::vector<Table::Row> exposed_rows(const Job& job, const Step& step, std::int64_t point) {
  const std::vector<topology::Level>& levels = job.machine.levels;
  std::vector<Table::Row> rows;
  for (const Spent axis : exposed_axes)
    for (std::size_t l = 0; l <= levels.size(); ++l)
      if (const topology::Seconds part = step.spending.exposed_on(axis, l); part.value() > 0)
        rows.push_back({point,
                        text(short_name(axis)),
                        l < levels.size() ? levels[l].name : std::string(),
                        part.value(),
                        text(topology::name(of_level(job, l)))});
  return rows;
}

/// As figures of the chip are.
std::vector<Table::Row> software_rows(const topology::Software& software,
                                      const topology::Machine& machine) {
  std::vector<Table::Row> rows;
  topology::each_figure_of_software(software, [&](const char* key, const auto& figure) {
    using Q = std::remove_cvref_t<decltype(figure->value)>;
    if (!figure) return;
    const double value = [&] {
      if constexpr (std::is_same_v<Q, double>)
        return figure->value;
      else
        return figure->value.value();
    }();
    rows.push_back({machine.name,
                    machine.chip.name,
                    std::string(),
                    fmt::format("software.{}", key),
                    value,
                    text(topology::base_unit<Q>()),
                    text(topology::name(figure->status)),
                    figure->source});
  });
  return rows;
}

void record_inputs(ResultFile& file, const TrainRecord& where, const kernels::Model& model) {
  file.text(fmt::format("inputs/models/{}.json", model.name), model_text(where.model));
  for (const topology::Document& document :
       topology::load_chain(topology::software_shelf, where.software))
    file.text(fmt::format("inputs/software/{}.toml", topology::stem(document.name())),
              document.text());
  if (!where.overrides.empty())
    file.text("inputs/overrides", fmt::format("{}\n", fmt::join(where.overrides, "\n")));
}

ResultFile begin(const TrainRecord& where,
                 const kernels::Model& model,
                 const topology::Software& software,
                 std::span<const topology::Machine> machines) {
  ResultFile file = ResultFile::create(where.output, result_options(where.force));
  record_inputs(file, where, model);
  Table figures = file.table(systems_figures);
  for (std::size_t i = 0; i < machines.size(); ++i) {
    record_inputs(file, where.systems.at(i), machines[i].name);
    figures.append_all(figure_rows(machines[i]));
    figures.append_all(software_rows(software, machines[i]));
  }
  return file;
}

}  // namespace

StepTables::StepTables(const TrainRecord& where,
                       const kernels::Model& model,
                       const topology::Software& software,
                       std::span<const topology::Machine> machines)
    : file(begin(where, model, software, machines)),
      steps(file.table(modelled_training)),
      exposed(file.table(modelled_exposed)) {}

void StepTables::append(const Job& job, const Step& step) {
  exposed.append_all(exposed_rows(job, step, steps.points()));
  steps.append(training_row(job, step));
}

void record_step(const TrainRecord& where, const Job& job, const Step& step) {
  StepTables tables(where, job.model, job.software, {&job.machine, 1});
  tables.append(job, step);
  tables.file.complete();
  fmt::print(stderr, "results: {}\n", where.output);
}

}  // namespace bench
