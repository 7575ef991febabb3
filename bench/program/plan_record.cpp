#include "bench/program/plan_record.hpp"

#include <limits>

#include <fmt/format.h>

#include "bench/program/part_table.hpp"

namespace bench {
namespace {

class PlanTable {
 public:
  PlanTable(const TrainRecord& where, const Job& job)
      : job_(job),
        tables_(where, job.model, job.software, {&job.machine, 1}),
        plans_(tables_.file.table(modelled_plan)) {}

  void add(const char* list, std::int64_t place, const PartPlan& part) {
    Job job = job_;
    job.machine = topology::slice(job_.machine, part.chips);
    job.plan = part.plan.plan;
    const std::int64_t row = tables_.steps.points();
    tables_.append(job, predict_step(job));
    const topology::Chip& chip = job.machine.chip;
    plans_.append(Table::Row{row,
                             std::string(list),
                             place,
                             part.chip_time().value(),
                             times(part, power_of(chip)),
                             times(part, chip.price)});
  }

  void complete() { tables_.file.complete(); }

 private:
  template <class Q>
  static double times(const PartPlan& part, const topology::Figure<Q>& figure) {
    return figure ? part.chip_time().value() * figure->value.value()
                  : std::numeric_limits<double>::quiet_NaN();
  }

  Job job_;
  StepTables tables_;
  Table plans_;
};

}  // namespace

void record_search(const TrainRecord& where,
                   const Job& job,
                   const SearchResult& found,
                   const std::vector<PartPlan>& parts) {
  PlanTable table(where, job);
  const std::int64_t all = job.machine.chips();
  std::int64_t place = 0;
  for (const FoundPlan& plan : found.best) table.add("time", place++, {all, plan});
  place = 0;
  for (const FoundPlan& plan : found.front) table.add("memory", place++, {all, plan});
  place = 0;
  for (const PartPlan& part : parts) table.add("chips", place++, part);
  table.complete();
  fmt::print(stderr, "results: {}\n", where.output);
}

}  // namespace bench
