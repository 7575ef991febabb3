// What a search for plans found, as a table and as JSON.
#pragma once

#include <vector>

#include "bench/planning/search.hpp"

namespace bench {

/// The best plans, why each is slower than the first, and those that need less memory.
/// @param parts the best on all chips and on fewer; may be empty
void print_search(const Job& job,
                  const SearchResult& found,
                  const std::vector<PartPlan>& parts,
                  topology::Seconds took);

void print_search_json(const Job& job,
                       const SearchResult& found,
                       const std::vector<PartPlan>& parts);

}  // namespace bench
