#include "bench/planning/search.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

#include <fmt/format.h>
#include <omp.h>

#include "bench/planning/collector.hpp"
#include "bench/planning/sieve.hpp"
#include "kernels/matmul/accelerator.hpp"
#include "topology/scale_up.hpp"

namespace bench {
namespace {

using topology::Bytes;

/// Of a heap that has the lowest floor first.
bool later(const Candidate& a, const Candidate& b) {
  return a.floor.time != b.floor.time ? a.floor.time > b.floor.time : a.number > b.number;
}

/// One of each thread.
using Sieves = std::vector<std::unique_ptr<Sieve>>;

Sieve& of_thread(const Sieves& sieves) {
  return *sieves[static_cast<std::size_t>(omp_get_thread_num())];
}

/// Predicts what may still be listed, the lowest bound first; batches of a fixed size, so that what
/// is predicted does not depend on the number of threads.
class Predictor {
 public:
  Predictor(const Sieves& sieves, Collector collector)
      : sieves_(sieves), collector_(std::move(collector)) {
    for (const std::unique_ptr<Sieve>& sieve : sieves)
      heap_.insert(heap_.end(), sieve->candidates.begin(), sieve->candidates.end());
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  void run(const SearchOptions& options, Bytes capacity, SearchResult& result) {
    const auto all = static_cast<double>(heap_.size());
    while (take_batch()) {
      predict_batch();
      for (const FoundPlan& found : found_) {
        ++result.counts.predicted;
        if (found.memory <= capacity)
          collector_.enter(found);
        else
          ++result.counts.too_large;
      }
      drop();
      if (options.progress)
        options.progress(1 - 0.5 * static_cast<double>(heap_.size()) / std::max(all, 1.0));
    }
    result.counts.bounded += dropped_;
    collector_.give(result);
  }

 private:
  /// The lowest full floors; others get theirs first.
  bool take_batch() {
    for (;;) {
      batch_.clear();
      quick_.clear();
      while (!heap_.empty() && batch_.size() < batch_size && quick_.size() < quick_size) pop();
      if (quick_.empty()) return !batch_.empty();
      bound_quick();
      for (const std::vector<Candidate>* back : {&batch_, &quick_})
        for (const Candidate& candidate : *back) {
          heap_.push_back(candidate);
          std::push_heap(heap_.begin(), heap_.end(), later);
        }
    }
  }

  void pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Candidate& lowest = heap_.back();
    if (!collector_.may_enter(lowest.floor))
      ++dropped_;
    else
      (lowest.full ? batch_ : quick_).push_back(lowest);
    heap_.pop_back();
  }

  void bound_quick() {
#pragma omp parallel for schedule(dynamic, 8)
    for (Candidate& candidate : quick_) of_thread(sieves_).bound(candidate);
  }

  void predict_batch() {
    found_.resize(batch_.size());
#pragma omp parallel for schedule(dynamic)
    for (std::size_t i = 0; i < batch_.size(); ++i)
      found_[i] = of_thread(sieves_).predicted(batch_[i]);
  }

  /// What cannot be listed any more.
  void drop() {
    dropped_ += static_cast<std::int64_t>(std::erase_if(
        heap_, [&](const Candidate& candidate) { return !collector_.may_enter(candidate.floor); }));
    std::make_heap(heap_.begin(), heap_.end(), later);
  }

  static constexpr std::size_t batch_size = 16;
  static constexpr std::size_t quick_size = 256;

  std::vector<Candidate> heap_;
  const Sieves& sieves_;
  Collector collector_;
  std::vector<Candidate> batch_;
  std::vector<Candidate> quick_;
  std::vector<FoundPlan> found_;
  std::int64_t dropped_ = 0;
};

}  // namespace

Bytes memory_capacity(const topology::Machine& machine) {
  const auto& capacity = machine.chip.memory_capacity;
  return capacity ? capacity->value : Bytes(std::numeric_limits<double>::infinity());
}

kernels::PlanSpace whole_space(const Job& job, std::int64_t model_chips) {
  const std::int64_t all = job.machine.chips();
  const std::int64_t most = model_chips > 0 ? model_chips : topology::scale_up_chips(job.machine);
  kernels::PlanSpace space = kernels::whole_space(job.model, job.plan, all, most);
  std::int64_t chips = 1;
  for (const topology::Level& level : job.machine.levels) {
    chips *= level.extent;
    if (level.extent > 1 && chips < all) space.shard_domains.push_back(chips);
  }
  return space;
}

topology::Seconds PartPlan::chip_time() const {
  return plan.time *
         (static_cast<double>(chips) / static_cast<double>(plan.plan.batch * plan.plan.sequence));
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
  PricedShapes shapes;
  shapes.plans = kernels::shapes(space, job.model, job.plan, job.machine.chips());
  shapes.costs.resize(shapes.plans.size());
  Sieves sieves(static_cast<std::size_t>(omp_get_max_threads()));
  for (std::unique_ptr<Sieve>& sieve : sieves) sieve = std::make_unique<Sieve>(job, space, shapes);
#pragma omp parallel for schedule(dynamic)
  for (auto s = static_cast<std::size_t>(options.part); s < shapes.plans.size();
       s += static_cast<std::size_t>(options.parts))
    of_thread(sieves).add(s);
  SearchResult result;
  for (const std::unique_ptr<Sieve>& sieve : sieves) {
    result.counts.add(sieve->counts);
    if (result.misfit.empty()) result.misfit = sieve->misfit;
  }
  const Bytes capacity = memory_capacity(job.machine);
  Predictor(sieves, Collector(options.keep, options.front ? memory_shares.size() : 0, capacity))
      .run(options, capacity, result);
  return result;
}

}  // namespace bench
