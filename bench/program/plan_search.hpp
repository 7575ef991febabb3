// A search for plans over all ranks of a run: each bounds and predicts its part of the shapes.
#pragma once

#include "bench/planning/search.hpp"

namespace bench {

/// The whole result on rank 0, the same for any number of ranks; what a rank found on the others.
/// Says on standard error how far it is, where that is a terminal.
[[nodiscard]] SearchResult search_on_ranks(const Job& job,
                                           const kernels::PlanSpace& space,
                                           std::size_t keep);

}  // namespace bench
