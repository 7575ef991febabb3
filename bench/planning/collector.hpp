// Keeps the best of the plans found, and the fastest within each share of the memory.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "bench/planning/search.hpp"
#include "bench/planning/shape_price.hpp"

namespace bench {

class Collector {
 public:
  /// @param shares how many of memory_shares have a fastest plan, too
  Collector(std::size_t keep, std::size_t shares, topology::Bytes capacity)
      : keep_(keep), capacity_(capacity), within_(shares) {}

  /// Can a plan with this floor still be listed?
  [[nodiscard]] bool may_enter(const PlanFloor& floor) const;

  void enter(const FoundPlan& found);

  void give(SearchResult& to);

 private:
  std::size_t keep_;
  topology::Bytes capacity_;
  std::vector<FoundPlan> best_;
  std::vector<std::optional<FoundPlan>> within_;
};

}  // namespace bench
