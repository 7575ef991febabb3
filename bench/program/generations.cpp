#include "bench/program/generations.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

#include "bench/program/model_file.hpp"
#include "bench/program/model_table.hpp"
#include "kernels/matmul/accelerator.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"
#include "topology/override.hpp"
#include "topology/scale_up.hpp"

namespace bench {
namespace {

using topology::Machine;

void say(const std::string& what) {
  if (isatty(STDERR_FILENO) == 0) return;
  fmt::print(stderr, "\r{:70}\r{}", "", what);
  std::fflush(stderr);
}

TrainingTask task_of(const GenerationsOptions& o) {
  TrainingTask task;
  task.model = load_model(o.model);
  task.software = topology::load_software(o.software);
  constexpr std::int64_t usual_sequence = 4096;
  kernels::Plan& plan = task.given;
  plan.sequence =
      o.sequence > 0 ? o.sequence : std::min<std::int64_t>(usual_sequence, task.model.context);
  check_sequence(task.model, plan.sequence);
  plan.batch = o.sequences;
  plan.type = topology::data_type(o.type);
  plan.matmul = o.matmul.empty() ? plan.type : topology::data_type(o.matmul);
  return task;
}

/// What each price or power says replaces a figure of the system that it names.
template <class Q>
void replace(std::vector<Contender>& contenders,
             const std::vector<std::string>& texts,
             topology::Figure<Q> Contender::*figure) {
  for (const std::string& text : texts) {
    const topology::Override change = topology::split_override(text);
    std::vector<std::string> names;
    bool found = false;
    for (Contender& contender : contenders) {
      names.push_back(contender.machine.name);
      if (contender.machine.name != change.key) continue;
      contender.*figure = topology::overridden<Q>(change);
      found = true;
    }
    if (!found) topology::usage_error(topology::unknown_name("system", change.key, names));
  }
}

/// All-in power where all have it, else that of the chips alone: either way the same for all.
std::string take_powers(std::vector<Contender>& contenders) {
  const bool all_in = std::all_of(contenders.begin(), contenders.end(), [](const Contender& c) {
    return c.machine.chip.power_all_in.has_value();
  });
  for (Contender& c : contenders)
    c.power = all_in ? c.machine.chip.power_all_in : c.machine.chip.power;
  return all_in ? "chips with their share of hosts, network and cooling" : "chips alone";
}

EqualTerms equal_chips(const Generations& all, std::int64_t chips) {
  EqualTerms terms{"chips", fmt::format("equal chips: {}", chips), {}, {}};
  for (std::size_t i = 0; i < all.contenders.size(); ++i) {
    say("equal chips: " + all.contenders[i].machine.name);
    terms.standings.push_back({i, {chips, best_plan(all.task, all.contenders[i].machine, chips)}});
  }
  return terms;
}

/// As many chips of each as cost what the first system's do.
template <class Q>
EqualTerms equal_budget(const Generations& all,
                        std::int64_t chips,
                        const char* what,
                        const char* flag,
                        topology::Figure<Q> Contender::*each) {
  const Contender& first = all.contenders.front();
  EqualTerms terms{what, fmt::format("equal {}", what), {}, {}};
  if (!(first.*each)) {
    terms.missing.push_back(fmt::format(
        "the {} of {} is not known: {} {}=…", what, first.machine.name, flag, first.machine.name));
    return terms;
  }
  const double budget = static_cast<double>(chips) * (first.*each)->value.value();
  for (std::size_t i = 0; i < all.contenders.size(); ++i) {
    const Contender& contender = all.contenders[i];
    const std::string& name = contender.machine.name;
    if (!(contender.*each)) {
      terms.missing.push_back(
          fmt::format("the {} of {} is not known: {} {}=…", what, name, flag, name));
      continue;
    }
    say(terms.title + ": " + name);
    const double most = std::floor(budget / (contender.*each)->value.value() * (1 + 1e-12));
    const double least = std::min(most, static_cast<double>(contender.machine.chips()));
    terms.standings.push_back(
        {i, within_budget(all.task, contender.machine, static_cast<std::int64_t>(least))});
  }
  return terms;
}

double roof(const Machine& machine, topology::DataType type) {
  return kernels::tensor_engine(machine.chip, type).roof.value();
}

Advance advance(const Generations& all, std::int64_t chips, std::size_t contender) {
  const Machine& first = all.contenders.front().machine;
  const Machine& machine = all.contenders[contender].machine;
  say(fmt::format("from {} to {}", first.name, machine.name));
  Advance advance;
  advance.contender = contender;
  advance.waterfall = waterfall(all.task, first, machine, chips);
  const topology::DataType type = all.task.given.matmul;
  advance.compute = roof(machine, type) / roof(first, type);
  const topology::Seconds best = advance.waterfall.steps.back().plan.time;
  say(fmt::format("links that {} would need", machine.name));
  advance.links =
      needed_links(all.task, machine, chips, best, advance.waterfall.begin.time / advance.compute);
  return advance;
}

}  // namespace

double Generations::tokens_per_second(const Standing& standing) const {
  return task.tokens() / standing.part.plan.time.value();
}

std::optional<double> Generations::joules(const Standing& standing) const {
  const auto& power = contenders[standing.contender].power;
  if (!power) return std::nullopt;
  return standing.part.chip_time().value() * power->value.value();
}

std::optional<double> Generations::dollars(const Standing& standing) const {
  const auto& price = contenders[standing.contender].price;
  if (!price) return std::nullopt;
  return standing.part.chip_time().value() * price->value.value();
}

Generations compare_generations(const GenerationsOptions& options) {
  if (options.systems.size() < 2)
    topology::usage_error("--systems: expected two or more, such as rainier,rainier-trn3");
  Generations all;
  all.task = task_of(options);
  for (const std::string& system : options.systems) {
    Contender contender;
    contender.machine = topology::load_system(system);
    contender.price = contender.machine.chip.price;
    all.contenders.push_back(contender);
  }
  all.power_kind = take_powers(all.contenders);
  replace(all.contenders, options.prices, &Contender::price);
  replace(all.contenders, options.powers, &Contender::power);
  all.terms.push_back(equal_chips(all, options.chips));
  all.terms.push_back(equal_budget(all, options.chips, "power", "--power", &Contender::power));
  all.terms.push_back(equal_budget(all, options.chips, "cost", "--price", &Contender::price));
  if (!options.quick) {
    for (std::size_t i = 0; i < all.contenders.size(); ++i) {
      say("bounds of " + all.contenders[i].machine.name);
      all.bounds.push_back(bounds(all.task,
                                  all.contenders[i].machine,
                                  options.chips,
                                  all.terms.front().standings[i].part.plan.time));
    }
    for (std::size_t i = 1; i < all.contenders.size(); ++i)
      all.advances.push_back(advance(all, options.chips, i));
  }
  say("");
  return all;
}

}  // namespace bench
