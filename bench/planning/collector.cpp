#include "bench/planning/collector.hpp"

#include <algorithm>

namespace bench {
namespace {

bool by_time(const FoundPlan& a, const FoundPlan& b) {
  return a.time != b.time ? a.time < b.time : a.number < b.number;
}

}  // namespace

bool Collector::may_enter(const PlanFloor& floor) const {
  if (best_.size() < keep_ || floor.time <= best_.back().time) return true;
  for (std::size_t i = 0; i < within_.size(); ++i)
    if (floor.memory <= memory_shares.at(i) * capacity_ &&
        (!within_[i] || floor.time <= within_[i]->time))
      return true;
  return false;
}

void Collector::enter(const FoundPlan& found) {
  const auto known = [&](const FoundPlan& listed) { return listed.number == found.number; };
  if (std::none_of(best_.begin(), best_.end(), known))
    best_.insert(std::upper_bound(best_.begin(), best_.end(), found, by_time), found);
  if (best_.size() > keep_) best_.pop_back();
  for (std::size_t i = 0; i < within_.size(); ++i) {
    std::optional<FoundPlan>& fastest = within_[i];
    if (found.memory <= memory_shares.at(i) * capacity_ && (!fastest || by_time(found, *fastest)))
      fastest = found;
  }
}

void Collector::give(SearchResult& to) {
  to.best = std::move(best_);
  to.front.clear();
  for (const std::optional<FoundPlan>& fastest : within_)
    if (fastest && (to.front.empty() || to.front.back().number != fastest->number))
      to.front.push_back(*fastest);
}

}  // namespace bench
