// Groups of as many members as there are ranks, and the schedules that these can run.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/executor/execution.hpp"
#include "bench/executor/ranks.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"

namespace fixtures {

inline int ranks() {
  return bench::world().size;
}

inline std::vector<topology::Machine> groups_of_ranks() {
  using topology::LevelShape;
  std::vector<topology::Machine> all{switched(ranks()), torus({ranks()})};
  if (ranks() == 4) {
    all.push_back(torus({2, 2}));
    all.push_back(machine({{"x", LevelShape::ring, 2}, {"pod", LevelShape::clos, 2}}));
  }
  return all;
}

/// Every candidate that ranks can run.
inline std::vector<kernels::Schedule> schedules_for_ranks(kernels::Collective collective,
                                                          const topology::Machine& group) {
  std::vector<kernels::Schedule> all;
  for (const std::string& text : kernels::candidates(collective, group))
    if (auto schedule = kernels::build(collective, group, text); bench::is_measurable(schedule))
      all.push_back(std::move(schedule));
  return all;
}

}  // namespace fixtures
