#include "bench/validation/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bench {
namespace {

constexpr double differs = 1.1;

bool takes_part(const Comparison& c) {
  return !c.group.empty() && c.quality != "C" && c.predicted && c.work > 0 &&
         std::isfinite(c.measured.value()) && c.measured.value() > 0;
}

RankedPair pair_of(const Comparison& a, const Comparison& b) {
  const auto ratio = [](const Comparison& x, const Comparison& y, auto time) {
    return x.work / time(x) / (y.work / time(y));
  };
  const auto measured = [](const Comparison& c) { return c.measured.value(); };
  const auto predicted = [](const Comparison& c) { return c.predicted->value(); };
  RankedPair pair{&a, &b, ratio(a, b, measured), ratio(a, b, predicted)};
  if (pair.measured < 1) pair = {&b, &a, 1 / pair.measured, 1 / pair.predicted};
  return pair;
}

void add_group(const std::vector<const Comparison*>& rows, Ranking& to) {
  RankedPair most;
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (std::size_t j = i + 1; j < rows.size(); ++j) {
      const RankedPair pair = pair_of(*rows[i], *rows[j]);
      if (pair.measured <= differs) continue;
      ++to.pairs;
      if (pair.right()) ++to.right;
      if (pair.measured > most.measured) most = pair;
    }
  if (most.faster != nullptr) to.extremes.push_back(most);
}

double share(std::size_t right, std::size_t pairs) {
  return 100 * static_cast<double>(right) / static_cast<double>(pairs);
}

}  // namespace

std::size_t Ranking::extremes_right() const {
  return static_cast<std::size_t>(std::count_if(
      extremes.begin(), extremes.end(), [](const RankedPair& pair) { return pair.right(); }));
}

Ranking rank(const std::vector<Comparison>& comparisons) {
  std::map<std::string, std::vector<const Comparison*>> groups;
  for (const Comparison& c : comparisons)
    if (takes_part(c)) groups[c.group].push_back(&c);
  Ranking ranking;
  for (const auto& [name, rows] : groups) add_group(rows, ranking);
  return ranking;
}

void print_ranking(const Ranking& ranking) {
  if (ranking.pairs == 0) return;
  fmt::print(
      "\nPairs of the same model on as many of the same chips, speeds more than 10 % apart\n");
  fmt::print("  {} of {} ranked right: {:.1f} %\n",
             ranking.right,
             ranking.pairs,
             share(ranking.right, ranking.pairs));
  fmt::print("  the two that differ most: {} of {}, {:.1f} %\n",
             ranking.extremes_right(),
             ranking.extremes.size(),
             share(ranking.extremes_right(), ranking.extremes.size()));
  for (const RankedPair& pair : ranking.extremes)
    if (!pair.right())
      fmt::print("  wrong: {}: {} over {}, measured {:.2f}, predicted {:.2f}\n",
                 pair.faster->group,
                 pair.faster->id,
                 pair.slower->id,
                 pair.measured,
                 pair.predicted);
}

std::string json(const Ranking& ranking) {
  nlohmann::ordered_json groups = nlohmann::ordered_json::array();
  for (const RankedPair& pair : ranking.extremes)
    groups.push_back({{"group", pair.faster->group},
                      {"faster", pair.faster->id},
                      {"slower", pair.slower->id},
                      {"measured", pair.measured},
                      {"predicted", pair.predicted},
                      {"right", pair.right()}});
  return nlohmann::ordered_json{
      {"pairs", ranking.pairs}, {"right", ranking.right}, {"groups", groups}}
      .dump(1);
}

}  // namespace bench
