// Machines compared by the best plan that each has for the same training job: what a new generation
// buys, and which of its figures buy it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "bench/planning/figure_group.hpp"
#include "bench/planning/search.hpp"

namespace bench {

/// What is trained, the same for all machines.
struct TrainingTask {
  kernels::Model model;
  topology::Software software;
  kernels::Plan given;           ///< sequence, batch, types and overlaps
  std::int64_t model_chips = 0;  ///< most of tensor times context ranks; 0: the scale-up domain

  [[nodiscard]] double tokens() const { return static_cast<double>(given.batch * given.sequence); }
};

/// The best plan on a part of a machine. @throws Error(usage) where none fits, and why
[[nodiscard]] FoundPlan best_plan(const TrainingTask& task,
                                  const topology::Machine& whole,
                                  std::int64_t chips);

/// The fastest of the four largest parts of at most `most` chips whose number is 1, 3, 5 or 7 times
/// a power of two: others share few batches evenly. @throws Error(usage) where no part has a plan
[[nodiscard]] PartPlan within_budget(const TrainingTask& task,
                                     const topology::Machine& whole,
                                     std::int64_t most);

/// One group of figures taken over.
struct WaterfallStep {
  const FigureGroup* group = nullptr;
  FoundPlan plan;     ///< the best with this group and those before it
  double factor = 1;  ///< by which the step became shorter
  double alone = 1;   ///< if no other group had been taken
};

struct Waterfall {
  FoundPlan begin;
  std::vector<WaterfallStep> steps;  ///< in the order of figure_groups(); their factors multiply

  [[nodiscard]] double speedup() const;
};

/// From one machine to another, a new best plan for each group of figures.
[[nodiscard]] Waterfall waterfall(const TrainingTask& task,
                                  const topology::Machine& from,
                                  const topology::Machine& to,
                                  std::int64_t chips);

/// By group of figures: how much shorter the best step would be at most, whatever became of that
/// resource. Of the best plan for a machine on which it costs nothing.
[[nodiscard]] std::vector<double> bounds(const TrainingTask& task,
                                         const topology::Machine& whole,
                                         std::int64_t chips,
                                         topology::Seconds best);

/// How much faster links would have to be, scale-up and network alike, for a step of a given time.
struct NeededLinks {
  double factor = 0;   ///< within 1 %; 0: no links will do
  double at_most = 0;  ///< speed-up with links that cost no time, over the step as it is
};

[[nodiscard]] NeededLinks needed_links(const TrainingTask& task,
                                       const topology::Machine& whole,
                                       std::int64_t chips,
                                       topology::Seconds best,
                                       topology::Seconds wanted);

}  // namespace bench
