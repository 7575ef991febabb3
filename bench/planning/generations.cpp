#include "bench/planning/generations.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace bench {
namespace {

using topology::Machine;
using topology::Seconds;

/// That the machine has, largest first.
std::vector<std::int64_t> even_parts(const Machine& machine, std::int64_t most) {
  std::vector<std::int64_t> all;
  for (const std::int64_t odd : {1, 3, 5, 7})
    for (std::int64_t chips = odd; chips <= most; chips *= 2)
      if (topology::has_part(machine, chips)) all.push_back(chips);
  std::sort(all.rbegin(), all.rend());
  return all;
}

Machine with_links(Machine machine, double factor) {
  for (topology::Level& level : machine.levels)
    level.bandwidth.value = level.bandwidth.value * factor;
  return machine;
}

}  // namespace

FoundPlan best_plan(const TrainingTask& task, const Machine& whole, std::int64_t chips) {
  Job job{task.model, topology::slice(whole, chips), task.software, task.given, "auto"};
  SearchOptions options;
  options.keep = 1;
  options.front = false;
  const SearchResult found = search(job, whole_space(job, task.model_chips), options);
  if (found.best.empty())
    topology::usage_error(
        fmt::format("{} chips of {}: {}", chips, whole.name, nothing_found(found)));
  return found.best.front();
}

PartPlan within_budget(const TrainingTask& task, const Machine& whole, std::int64_t most) {
  constexpr int parts_tried = 4;
  std::optional<PartPlan> fastest;
  int tried = 0;
  std::string why;
  for (const std::int64_t chips : even_parts(whole, most)) {
    try {
      const FoundPlan plan = best_plan(task, whole, chips);
      if (!fastest || plan.time < fastest->plan.time) fastest = {chips, plan};
      if (++tried == parts_tried) break;
    } catch (const topology::Error& error) {
      if (why.empty()) why = error.what();
    }
  }
  if (!fastest)
    topology::usage_error(fmt::format("no part of up to {} chips of {} will do: {}",
                                      most,
                                      whole.name,
                                      why.empty() ? "it has none" : why));
  return *fastest;
}

double Waterfall::speedup() const {
  return steps.empty() ? 1 : begin.time / steps.back().plan.time;
}

Waterfall waterfall(const TrainingTask& task,
                    const Machine& from,
                    const Machine& to,
                    std::int64_t chips) {
  Waterfall all;
  all.begin = best_plan(task, from, chips);
  Machine machine = from;
  Seconds before = all.begin.time;
  for (const FigureGroup& group : figure_groups()) {
    WaterfallStep step;
    step.group = &group;
    group.take(machine, to);
    step.plan = best_plan(task, machine, chips);
    step.factor = before / step.plan.time;
    Machine other = from;
    group.take(other, to);
    step.alone = all.begin.time / best_plan(task, other, chips).time;
    before = step.plan.time;
    all.steps.push_back(step);
  }
  return all;
}

std::vector<double> bounds(const TrainingTask& task,
                           const Machine& whole,
                           std::int64_t chips,
                           Seconds best) {
  std::vector<double> all;
  for (const FigureGroup& group : figure_groups()) {
    Machine machine = whole;
    group.free(machine);
    all.push_back(best / best_plan(task, machine, chips).time);
  }
  return all;
}

NeededLinks needed_links(const TrainingTask& task,
                         const Machine& whole,
                         std::int64_t chips,
                         Seconds best,
                         Seconds wanted) {
  const auto time = [&](double factor) {
    return best_plan(task, with_links(whole, factor), chips).time;
  };
  constexpr double endless = 1e9;
  NeededLinks needed;
  needed.at_most = best / time(endless);
  if (best / needed.at_most > wanted) return needed;
  double low = 1;
  double high = 1;
  if (best <= wanted)
    for (low = 0.5; time(low) <= wanted && low > 1 / endless; low /= 2) high = low;
  else
    for (high = 2; time(high) > wanted && high < endless; high *= 2) low = high;
  while (high / low > 1.01) {
    const double middle = std::sqrt(low * high);
    (time(middle) <= wanted ? high : low) = middle;
  }
  needed.factor = high;
  return needed;
}

}  // namespace bench
