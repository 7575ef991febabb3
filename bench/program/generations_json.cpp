// Systems compared by their best plans, for programs.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/program/generations_table.hpp"
#include "bench/program/plan_json.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(const std::optional<double>& value) {
  return value ? Json(*value) : Json(nullptr);
}

template <class Q>
Json figure_json(const topology::Figure<Q>& figure) {
  if (!figure) return nullptr;
  return {{"value", figure->value.value()},
          {"status", topology::name(figure->status)},
          {"source", figure->source}};
}

Json contender_json(const Contender& contender) {
  Json out{{"system", contender.machine.name},
           {"chip", contender.machine.chip.name},
           {"power_w", figure_json(contender.power)},
           {"price_usd_per_s", figure_json(contender.price)}};
  for (const NamedFigure& figure : figures(contender.machine))
    out["figures"].push_back({{"group", figure.group},
                              {"key", figure.key},
                              {"value", figure.value},
                              {"status", topology::name(figure.status)},
                              {"source", figure.source}});
  return out;
}

Json terms_json(const Generations& all, const EqualTerms& terms) {
  Json out{{"title", terms.title}, {"standings", Json::array()}, {"missing", terms.missing}};
  for (const Standing& standing : terms.standings)
    out["standings"].push_back({{"system", all.contenders[standing.contender].machine.name},
                                {"chips", standing.part.chips},
                                {"tokens_per_s", all.tokens_per_second(standing)},
                                {"joule_per_token", or_null(all.joules(standing))},
                                {"usd_per_token", or_null(all.dollars(standing))},
                                {"plan", plan_json(standing.part.plan)}});
  return out;
}

Json advance_json(const Generations& all, const Advance& advance) {
  const topology::Machine& machine = all.contenders[advance.contender].machine;
  const std::vector<NamedFigure> theirs = figures(machine);
  Json out{{"from", all.contenders.front().machine.name},
           {"to", machine.name},
           {"begin", plan_json(advance.waterfall.begin)},
           {"speedup", advance.waterfall.speedup()},
           {"compute", advance.compute},
           {"links_needed", advance.links.factor > 0 ? Json(advance.links.factor) : Json(nullptr)},
           {"speedup_with_free_links", advance.waterfall.speedup() * advance.links.at_most}};
  for (const WaterfallStep& step : advance.waterfall.steps)
    out["steps"].push_back({{"group", step.group->name},
                            {"holds", step.group->what},
                            {"factor", step.factor},
                            {"alone", step.alone},
                            {"origin", topology::name(origin(theirs, step.group->name))},
                            {"plan", plan_json(step.plan)}});
  return out;
}

}  // namespace

void print_generations_json(const Generations& all) {
  const kernels::Plan& given = all.task.given;
  Json out{{"model", all.task.model.name},
           {"sequences", given.batch},
           {"sequence", given.sequence},
           {"type", topology::name(given.type)},
           {"matmul_type", topology::name(given.matmul)},
           {"software", all.task.software.name},
           {"power_of", all.power_kind}};
  for (const Contender& contender : all.contenders)
    out["systems"].push_back(contender_json(contender));
  for (const EqualTerms& terms : all.terms) out["terms"].push_back(terms_json(all, terms));
  for (const Advance& advance : all.advances)
    out["waterfalls"].push_back(advance_json(all, advance));
  for (std::size_t i = 0; i < all.bounds.size(); ++i)
    for (std::size_t g = 0; g < figure_groups().size(); ++g)
      out["bounds"][all.contenders[i].machine.name][figure_groups()[g].name] = all.bounds[i][g];
  fmt::print("{}\n", out.dump(2));
}

}  // namespace bench
