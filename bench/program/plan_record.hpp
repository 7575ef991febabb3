// The plans that a search has found, in a results file.
#pragma once

#include <vector>

#include "bench/planning/search.hpp"
#include "bench/program/train_record.hpp"

namespace bench {

/// Each plan as a predicted step, and which list it stands in.
/// @param parts the best on all chips and on fewer; may be empty
/// @throws Error(environment), see ResultFile
void record_search(const TrainRecord& where,
                   const Job& job,
                   const SearchResult& found,
                   const std::vector<PartPlan>& parts);

}  // namespace bench
