// Systems compared by the best plan of each for one training job: at equal chips, power and cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/planning/generations.hpp"

namespace bench {

struct GenerationsOptions {
  std::string model;
  std::vector<std::string> systems{
      "rainier", "rainier-trn3", "rainier-trn4-conservative", "rainier-trn4"};
  std::string software = "default";
  std::int64_t chips = 65536;     ///< of the first system
  std::int64_t sequences = 4096;  ///< of a step
  std::int64_t sequence = 0;      ///< tokens; 0: 4096, or the model's longest if that is less
  std::string type = "bf16";
  std::string matmul;               ///< of the layers' matmuls; empty: as `type`
  std::vector<std::string> prices;  ///< SYSTEM=USD/h a chip
  std::vector<std::string> powers;  ///< SYSTEM=W a chip
  bool quick = false;               ///< no waterfalls, bounds, needed links
};

struct Contender {
  topology::Machine machine;
  topology::Figure<topology::Watts> power;  ///< of a chip
  topology::Figure<topology::DollarsPerSecond> price;
};

struct Standing {
  std::size_t contender = 0;
  PartPlan part;
};

/// One way to be equal.
struct EqualTerms {
  std::string what;  ///< "chips", "power" or "cost"
  std::string title;
  std::vector<Standing> standings;
  std::vector<std::string> missing;  ///< who is not there, and why
};

/// Of a system against the first.
struct Advance {
  std::size_t contender = 0;
  Waterfall waterfall;
  double compute = 0;  ///< by which the roofs of its engines are higher
  NeededLinks links;   ///< for a step that much faster
};

struct Generations {
  TrainingTask task;
  std::string power_kind;  ///< which of a chip's powers all of them count
  std::vector<Contender> contenders;
  std::vector<EqualTerms> terms;
  std::vector<Advance> advances;
  std::vector<std::vector<double>> bounds;  ///< of each contender, by group of figures

  [[nodiscard]] double tokens_per_second(const Standing& standing) const;
  /// Of a token; empty: not known.
  [[nodiscard]] std::optional<double> joules(const Standing& standing) const;
  [[nodiscard]] std::optional<double> dollars(const Standing& standing) const;
};

/// Says on standard error how far it is, where that is a terminal. @throws Error(usage)
[[nodiscard]] Generations compare_generations(const GenerationsOptions& options);

}  // namespace bench
