#include "bench/planning/search.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <optional>

#include <fmt/format.h>
#include <omp.h>

#include "bench/planning/shape_price.hpp"
#include "kernels/matmul/accelerator.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Plan;
using topology::Bytes;
using topology::Seconds;

struct Candidate {
  Plan plan;
  PlanFloor floor;
  std::int64_t number = 0;
};

bool by_floor(const Candidate& a, const Candidate& b) {
  return a.floor.time != b.floor.time ? a.floor.time < b.floor.time : a.number < b.number;
}

bool by_time(const FoundPlan& a, const FoundPlan& b) {
  return a.time != b.time ? a.time < b.time : a.number < b.number;
}

/// More than the plans of a shape: numbers of one do not run into those of the next.
constexpr std::int64_t spreads_of_a_shape = 1'000'000;

/// Bounds the plans of some shapes and keeps those that may fit.
class Sieve {
 public:
  Sieve(const Job& job, const kernels::PlanSpace& space)
      : job_(job), space_(space), capacity_(memory_capacity(job.machine)) {}

  /// @param number of the first plan of the shape
  void add(const Plan& shape, std::int64_t number) {
    ShapePrice price(job_, groups_);
    for (const Plan& plan : kernels::spreads(space_, job_.model, shape, job_.machine.chips())) {
      ++counts.plans;
      consider(price, plan, number++);
    }
  }

  std::vector<Candidate> candidates;
  SearchCounts counts;
  std::string misfit;

 private:
  void consider(ShapePrice& price, const Plan& plan, std::int64_t number) {
    try {
      kernels::check(plan, job_.model);
      const PlanFloor floor = price.floor(plan);
      if (floor.memory > capacity_)
        ++counts.too_large;
      else
        candidates.push_back({plan, floor, number});
    } catch (const topology::Error& error) {
      ++counts.misfits;
      if (misfit.empty()) misfit = error.what();
    }
  }

  const Job& job_;
  const kernels::PlanSpace& space_;
  Bytes capacity_;
  Groups groups_;
};

/// Keeps the best, and the fastest within each share of the memory.
class Collector {
 public:
  /// @param shares how many of memory_shares have a fastest plan, too
  Collector(std::size_t keep, std::size_t shares, Bytes capacity)
      : keep_(keep), capacity_(capacity), within_(shares) {}

  /// Can a plan with this floor still be listed?
  [[nodiscard]] bool may_enter(const PlanFloor& floor) const {
    if (best_.size() < keep_ || floor.time <= best_.back().time) return true;
    for (std::size_t i = 0; i < within_.size(); ++i)
      if (floor.memory <= memory_shares.at(i) * capacity_ &&
          (!within_[i] || floor.time <= within_[i]->time))
        return true;
    return false;
  }

  void enter(const FoundPlan& found) {
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

  void give(SearchResult& to) {
    to.best = std::move(best_);
    to.front.clear();
    for (const std::optional<FoundPlan>& fastest : within_)
      if (fastest && (to.front.empty() || to.front.back().number != fastest->number))
        to.front.push_back(*fastest);
  }

 private:
  std::size_t keep_;
  Bytes capacity_;
  std::vector<FoundPlan> best_;
  std::vector<std::optional<FoundPlan>> within_;
};

FoundPlan predicted(Job& job, Groups& groups, const Candidate& candidate) {
  job.plan = candidate.plan;
  const Step step = predict_step(job, groups);
  return {
      candidate.plan, step.time, step.memory.total(), step.spending, step.mfu(), candidate.number};
}

/// Predicts what may still be listed, the lowest bound first; batches of a fixed size, so that what
/// is predicted does not depend on the number of threads.
class Predictor {
 public:
  Predictor(const Job& job, const std::vector<Candidate>& candidates)
      : candidates_(candidates),
        capacity_(memory_capacity(job.machine)),
        jobs_(static_cast<std::size_t>(omp_get_max_threads()), job),
        groups_(jobs_.size()) {}

  void run(const SearchOptions& options, SearchResult& result) {
    Collector collector(options.keep, options.front ? memory_shares.size() : 0, capacity_);
    const auto all = static_cast<double>(candidates_.size());
    while (next_ < candidates_.size()) {
      result.counts.bounded += take_batch(collector);
      predict_batch();
      for (const FoundPlan& found : found_) {
        ++result.counts.predicted;
        if (found.memory <= capacity_)
          collector.enter(found);
        else
          ++result.counts.too_large;
      }
      if (options.progress) options.progress(0.5 + 0.5 * static_cast<double>(next_) / all);
    }
    collector.give(result);
  }

 private:
  /// @returns how many were passed over
  std::int64_t take_batch(const Collector& collector) {
    constexpr std::size_t batch_size = 64;
    std::int64_t passed_over = 0;
    for (batch_.clear(); next_ < candidates_.size() && batch_.size() < batch_size; ++next_)
      if (collector.may_enter(candidates_[next_].floor))
        batch_.push_back(&candidates_[next_]);
      else
        ++passed_over;
    return passed_over;
  }

  void predict_batch() {
    found_.resize(batch_.size());
#pragma omp parallel for schedule(dynamic)
    for (std::size_t i = 0; i < batch_.size(); ++i) {
      const auto thread = static_cast<std::size_t>(omp_get_thread_num());
      found_[i] = predicted(jobs_[thread], groups_[thread], *batch_[i]);
    }
  }

  const std::vector<Candidate>& candidates_;
  Bytes capacity_;
  std::vector<Job> jobs_;  // of each thread
  std::vector<Groups> groups_;
  std::size_t next_ = 0;
  std::vector<const Candidate*> batch_;
  std::vector<FoundPlan> found_;
};

}  // namespace

Bytes memory_capacity(const topology::Machine& machine) {
  const auto& capacity = machine.chip.memory_capacity;
  return capacity ? capacity->value : Bytes(std::numeric_limits<double>::infinity());
}

void SearchCounts::add(const SearchCounts& other) {
  plans += other.plans;
  misfits += other.misfits;
  too_large += other.too_large;
  bounded += other.bounded;
  predicted += other.predicted;
}

void SearchResult::add(const SearchResult& other, std::size_t keep, Bytes capacity) {
  counts.add(other.counts);
  Collector collector(keep, memory_shares.size(), capacity);
  const std::array<const std::vector<FoundPlan>*, 4> lists{
      &best, &other.best, &front, &other.front};
  for (const std::vector<FoundPlan>* list : lists)
    for (const FoundPlan& found : *list) collector.enter(found);
  collector.give(*this);
}

std::string nothing_found(const SearchResult& found) {
  const SearchCounts& counts = found.counts;
  if (counts.plans == 0)
    return "no plan shares the batch evenly over the chips: choose --gbs as a multiple of a power "
           "of "
           "two, or leave more flags out";
  return fmt::format(
      "none of {} plans will do: {} need more memory than a chip has: take more chips, a "
      "smaller --mbs or --recompute full; {} do not fit the model or the machine{}{}",
      counts.plans,
      counts.too_large,
      counts.misfits,
      found.misfit.empty() ? "" : ", such as: ",
      found.misfit);
}

SearchResult search(const Job& job, const kernels::PlanSpace& space, const SearchOptions& options) {
  for (const topology::DataType type : {job.plan.type, job.plan.matmul})
    (void)kernels::tensor_engine(job.machine.chip, type);  // says what the chip lacks
  const std::vector<Plan> shapes = kernels::shapes(space, job.model, job.plan, job.machine.chips());
  std::vector<Candidate> candidates;
  SearchResult result;
#pragma omp parallel
  {
    Sieve sieve(job, space);
#pragma omp for schedule(dynamic)
    for (auto s = static_cast<std::size_t>(options.part); s < shapes.size();
         s += static_cast<std::size_t>(options.parts))
      sieve.add(shapes[s], static_cast<std::int64_t>(s) * spreads_of_a_shape);
#pragma omp critical
    {
      result.counts.add(sieve.counts);
      if (result.misfit.empty()) result.misfit = sieve.misfit;
      candidates.insert(candidates.end(), sieve.candidates.begin(), sieve.candidates.end());
    }
  }
  std::sort(candidates.begin(), candidates.end(), by_floor);
  Predictor(job, candidates).run(options, result);
  return result;
}

}  // namespace bench
