// A search for plans over all ranks of a run: each bounds and predicts its part of the shapes.
#pragma once

#include <functional>
#include <vector>

#include "bench/executor/mpi.hpp"
#include "bench/planning/search.hpp"

namespace bench {

/// The whole result on rank 0, the same for any number of ranks; what a rank found on the others.
/// Says on standard error how far it is, where that is a terminal.
[[nodiscard]] SearchResult search_on_ranks(const MpiSession& session,
                                           const Job& job,
                                           const kernels::PlanSpace& space,
                                           const SearchOptions& options);

/// The plans that a job may choose from on its machine.
using SpaceOf = std::function<kernels::PlanSpace(const Job&)>;

/// The best plan of the same step on half of the chips, a quarter and so on, as long as one fits,
/// where the machine has such a part;
/// on rank 0.
[[nodiscard]] std::vector<PartPlan> search_fewer_chips(const MpiSession& session,
                                                       const Job& job,
                                                       const SpaceOf& space);

}  // namespace bench
