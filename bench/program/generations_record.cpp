#include "bench/program/generations_record.hpp"

#include <limits>
#include <vector>

#include <fmt/format.h>

#include "bench/program/plan_text.hpp"
#include "bench/program/train_record.hpp"

namespace bench {
namespace {

using topology::Machine;

double or_missing(const std::optional<double>& value) {
  return value.value_or(std::numeric_limits<double>::quiet_NaN());
}

template <class Q>
std::string origin_of(const topology::Figure<Q>& figure) {
  return figure ? topology::name(figure->status) : "";
}

/// With the powers and prices that were compared.
std::vector<Machine> machines(const Generations& all) {
  std::vector<Machine> machines;
  machines.reserve(all.contenders.size());
  for (const Contender& contender : all.contenders) {
    Machine machine = contender.machine;
    machine.chip.price = contender.price;
    (machine.chip.power_all_in ? machine.chip.power_all_in : machine.chip.power) = contender.power;
    machines.push_back(machine);
  }
  return machines;
}

void record_terms(StepTables& tables,
                  Table& generations,
                  const Generations& all,
                  const EqualTerms& terms) {
  for (const Standing& standing : terms.standings) {
    const Contender& contender = all.contenders[standing.contender];
    const FoundPlan& found = standing.part.plan;
    const std::int64_t row = tables.steps.points();
    const Job job{all.task.model,
                  topology::slice(contender.machine, standing.part.chips),
                  all.task.software,
                  found.plan,
                  "auto"};
    tables.append(job, predict_step(job));
    generations.append(Table::Row{row,
                                  terms.what,
                                  terms.standings.front().part.plan.time / found.time,
                                  or_missing(all.joules(standing)),
                                  origin_of(contender.power),
                                  or_missing(all.dollars(standing)),
                                  origin_of(contender.price)});
  }
}

void record_waterfall(Table& table, const Generations& all, const Advance& advance) {
  const Machine& machine = all.contenders[advance.contender].machine;
  const std::vector<NamedFigure> theirs = figures(machine);
  std::int64_t place = 0;
  for (const WaterfallStep& step : advance.waterfall.steps)
    table.append(Table::Row{all.contenders.front().machine.name,
                            machine.name,
                            place++,
                            std::string(step.group->name),
                            step.plan.time.value(),
                            step.factor,
                            step.alone,
                            std::string(topology::name(origin(theirs, step.group->name))),
                            plan_text(step.plan.plan)});
}

}  // namespace

void record_generations(const std::string& output,
                        bool force,
                        const GenerationsOptions& options,
                        const Generations& all) {
  const std::vector<Machine> systems = machines(all);
  StepTables tables({output, force, options.model, options.systems, options.software, {}},
                    all.task.model,
                    all.task.software,
                    systems);
  Table generations = tables.file.table(modelled_generation);
  for (const EqualTerms& terms : all.terms) record_terms(tables, generations, all, terms);
  if (!all.advances.empty()) {
    Table waterfalls = tables.file.table(modelled_waterfall);
    for (const Advance& advance : all.advances) record_waterfall(waterfalls, all, advance);
    Table resources = tables.file.table(modelled_free_resource);
    for (std::size_t i = 0; i < all.bounds.size(); ++i)
      for (std::size_t g = 0; g < figure_groups().size(); ++g)
        resources.append(
            Table::Row{systems[i].name, std::string(figure_groups()[g].name), all.bounds[i][g]});
  }
  tables.file.complete();
  fmt::print(stderr, "results: {}\n", output);
}

}  // namespace bench
