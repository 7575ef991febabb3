#include "bench/program/model_json.hpp"

#include <nlohmann/json.hpp>

#include "bench/program/model_table.hpp"
#include "kernels/training/counts.hpp"

namespace bench {
namespace {

using Json = nlohmann::ordered_json;
using kernels::Scores;

double plain(topology::Flops flops) {
  return flops.value();
}

std::int64_t plain(std::int64_t count) {
  return count;
}

template <class Amount>
Json by_part(const kernels::Parts<Amount>& parts) {
  Json object;
  for (const auto& [part, name] : kernels::part_names)
    if (plain(parts[part]) != 0) object[name] = plain(parts[part]);
  object["total"] = plain(parts.total());
  return object;
}

Json amounts(const kernels::Parameters& all,
             const kernels::Parameters& active,
             const kernels::FlopParts& forward) {
  return {{"parameters", by_part(all)},
          {"active_parameters", by_part(active)},
          {"forward_flops_per_token", by_part(forward)}};
}

}  // namespace

std::string model_json(const kernels::Model& model, std::int64_t sequence) {
  Json object = {{"name", model.name},
                 {"type", model.type},
                 {"layers", model.depth()},
                 {"hidden", model.hidden},
                 {"vocabulary", model.vocabulary},
                 {"sequence", sequence}};
  object.update(
      amounts(parameters(model), active_parameters(model), forward_flops(model, sequence)));
  object["training_flops_per_token"] = {
      {"causal", plain(training_flops(model, sequence))},
      {"exact", plain(training_flops(model, sequence, Scores::exact))},
      {"full", plain(training_flops(model, sequence, Scores::full))},
      {"six_per_parameter", plain(six_per_parameter(model))},
      {"causal_recomputed", plain(recomputed_flops(model, sequence))}};
  for (const auto& [layer, count] : kinds_of(model)) {
    Json kind = {{"count", count}};
    kind.update(amounts(layer_parameters(layer, model.hidden),
                        active_layer_parameters(layer, model.hidden),
                        layer_flops(layer, model.hidden, sequence)));
    object["kinds_of_layer"].push_back(kind);
  }
  return object.dump(2);
}

}  // namespace bench
