#include "bench/program/generations_table.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "bench/program/plan_text.hpp"

namespace bench {
namespace {

/// A figure on an assumption bears a star.
template <class Q>
const char* star(const topology::Figure<Q>& figure) {
  return figure && figure->status == topology::Status::assumed ? "*" : "";
}

std::string known(const std::optional<double>& value, const char* star) {
  return value ? fmt::format("{:.4g}{}", *value, star) : "-";
}

std::size_t name_width(const Generations& all) {
  std::size_t width = 17;  // of "memory bandwidth", and a space
  for (const Contender& c : all.contenders) width = std::max(width, c.machine.name.size() + 1);
  return width;
}

void print_terms(const Generations& all, const EqualTerms& terms, std::size_t width) {
  fmt::print("\n# {}\n", terms.title);
  if (!terms.standings.empty())
    fmt::print("{:<{}} {:>8} {:>9} {:>10} {:>6} {:>8} {:>8} {:>9} {:>11}  {}\n",
               "# system",
               width,
               "chips",
               "step (s)",
               "tokens/s",
               "MFU %",
               "speed-up",
               "MW",
               "J/token",
               "USD/Mtoken",
               "plan");
  for (const Standing& standing : terms.standings) {
    const Contender& contender = all.contenders[standing.contender];
    const auto chips = static_cast<double>(standing.part.chips);
    const FoundPlan& found = standing.part.plan;
    std::optional<double> megawatts;
    if (contender.power) megawatts = chips * contender.power->value.value() * 1e-6;
    std::optional<double> per_million = all.dollars(standing);
    if (per_million) *per_million *= 1e6;
    fmt::print("{:<{}} {:>8} {:>9.4g} {:>10.4g} {:>6.1f} {:>7.2f}x {:>8} {:>9} {:>11}  {}\n",
               contender.machine.name,
               width,
               standing.part.chips,
               found.time.value(),
               all.tokens_per_second(standing),
               100 * found.mfu,
               terms.standings.front().part.plan.time / found.time,
               known(megawatts, star(contender.power)),
               known(all.joules(standing), star(contender.power)),
               known(per_million, star(contender.price)),
               plan_text(found.plan));
  }
  for (const std::string& missing : terms.missing) fmt::print("# {}\n", missing);
}

void print_waterfall(const Generations& all, const Advance& advance, std::size_t width) {
  const topology::Machine& first = all.contenders.front().machine;
  const topology::Machine& machine = all.contenders[advance.contender].machine;
  const Waterfall& fall = advance.waterfall;
  fmt::print(
      "\n# from {} to {}: its figures taken over group by group, a new best plan each time\n"
      "{:<{}} {:>9} {:>8} {:>8} {:>8}  {:<9}  {}\n",
      first.name,
      machine.name,
      "# figures",
      width,
      "step (s)",
      "factor",
      "so far",
      "alone",
      "origin",
      "plan");
  const std::string begin_plan = plan_text(fall.begin.plan);
  fmt::print("{:<{}} {:>9.4g} {:>8} {:>8} {:>8}  {:<9}  {}\n",
             first.name,
             width,
             fall.begin.time.value(),
             "",
             "1.00x",
             "",
             "",
             begin_plan);
  const std::vector<NamedFigure> theirs = figures(machine);
  for (const WaterfallStep& step : fall.steps)
    fmt::print("{:<{}} {:>9.4g} {:>7.2f}x {:>7.2f}x {:>7.2f}x  {:<9}  {}\n",
               step.group->name,
               width,
               step.plan.time.value(),
               step.factor,
               fall.begin.time / step.plan.time,
               step.alone,
               topology::name(origin(theirs, step.group->name)),
               plan_text(step.plan.plan));
}

void print_needed(const Generations& all, const Advance& advance) {
  const std::string& first = all.contenders.front().machine.name;
  const std::string& name = all.contenders[advance.contender].machine.name;
  const double speedup = advance.waterfall.speedup();
  fmt::print("# engines of {} are {:.2f} times as fast as those of {}, its step {:.2f} times. ",
             name,
             advance.compute,
             first,
             speedup);
  if (advance.links.factor == 0)
    fmt::print("No links make it {:.2f} times: with links that cost no time it is {:.2f} times.\n",
               advance.compute,
               speedup * advance.links.at_most);
  else if (advance.links.factor > 1)
    fmt::print("For {:.2f} times its links would have to be {:.2f} times as fast.\n",
               advance.compute,
               advance.links.factor);
  else
    fmt::print("For {:.2f} times links {:.2f} times as fast would do.\n",
               advance.compute,
               advance.links.factor);
}

void print_bounds(const Generations& all, std::size_t width) {
  fmt::print(
      "\n# how much shorter a step could be at most if one resource cost nothing (a new best plan "
      "each time)\n{:<{}}",
      "#",
      width);
  for (const Contender& c : all.contenders) fmt::print(" {:>{}}", c.machine.name, width);
  fmt::print("\n");
  for (std::size_t g = 0; g < figure_groups().size(); ++g) {
    fmt::print("{:<{}}", figure_groups()[g].name, width);
    for (const std::vector<double>& bound : all.bounds)
      fmt::print(" {:>{}}", fmt::format("{:.2f}x", bound[g]), width);
    fmt::print("\n");
  }
}

}  // namespace

void print_generations(const Generations& all) {
  const kernels::Plan& given = all.task.given;
  fmt::print(
      "# {}, {} sequences of {} tokens a step, {}{}; the best of all plans for each system, "
      "predicted;\n"
      "# software {}; power of {}; * rests on an assumed figure\n",
      all.task.model.name,
      given.batch,
      given.sequence,
      topology::name(given.type),
      given.matmul == given.type ? std::string()
                                 : fmt::format(", matmuls in {}", topology::name(given.matmul)),
      all.task.software.name,
      all.power_kind);
  const std::size_t width = name_width(all);
  for (const EqualTerms& terms : all.terms) print_terms(all, terms, width);
  for (const Advance& advance : all.advances) {
    print_waterfall(all, advance, width);
    print_needed(all, advance);
  }
  if (!all.bounds.empty()) print_bounds(all, width);
}

}  // namespace bench
