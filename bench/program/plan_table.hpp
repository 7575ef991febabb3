// What a search for plans found, as a table and as JSON.
#pragma once

#include "bench/planning/search.hpp"

namespace bench {

/// The best plans, why each is slower than the first, and those that need less memory.
void print_search(const Job& job, const SearchResult& found, topology::Seconds took);

void print_search_json(const Job& job, const SearchResult& found);

}  // namespace bench
