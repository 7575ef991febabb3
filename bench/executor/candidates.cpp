#include "bench/executor/candidates.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "kernels/collective/algorithms.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using topology::Bytes;
using topology::Seconds;

/// Smaller slices are not tried: what a message costs beside latency, gap and bytes is not
/// modelled.
constexpr Bytes least_slice(4 << 20);

}  // namespace

std::int64_t most_slices(kernels::Collective collective, Bytes size, Bytes slice) {
  if (collective == kernels::Collective::all_to_all) return 1;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(size / slice), 1, 256);
}

Candidates::Candidates(kernels::Collective collective,
                       const topology::Machine& machine,
                       Bytes size,
                       const PredictOptions& options)
    : collective_(collective), size_(size), accepts_(options.accepts) {
  for (const std::string& text : kernels::candidates(collective, machine)) {
    kernels::Schedule schedule = kernels::build(collective, machine, text);
    schedule.imbalance = options.imbalance;
    if (schedule.imbalance != 1 && !kernels::takes_imbalance(schedule)) continue;
    if (accepts_ != nullptr && !accepts_(schedule)) continue;
    ScheduleCost cost(schedule, machine, size);
    all_.push_back({std::move(schedule), text, std::move(cost)});
  }
}

// More slices, four times as many each time, while that helps.
std::vector<Candidates::Choice> Candidates::by_time(Bytes size) {
  const std::int64_t most = most_slices(collective_, size, least_slice);
  std::vector<Choice> choices;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    Candidate& candidate = all_[i];
    Choice best;
    for (std::int64_t slices = 1; slices <= most; slices *= 4) {
      candidate.schedule.slices = slices;
      if (accepts_ != nullptr && !accepts_(candidate.schedule)) break;
      const double of_slice = scale(size) / static_cast<double>(slices);
      const Seconds time = candidate.cost.parts(of_slice, slices).time();
      if (slices > 1 && time >= best.time) break;
      best = {i, slices, time};
    }
    choices.push_back(best);
  }
  std::stable_sort(choices.begin(), choices.end(), [](const Choice& a, const Choice& b) {
    return a.time < b.time;
  });
  return choices;
}

Candidates::Choice Candidates::fastest(Bytes size) {
  const std::vector<Choice> choices = by_time(size);
  if (choices.empty())
    topology::usage_error(std::string(kernels::info(collective_).name) +
                          " is predicted only: it can be neither measured nor clocked yet");
  return choices.front();
}

std::vector<Seconds> Candidates::by_level(const Choice& choice, Bytes size) const {
  return all_[choice.which].cost.by_level(scale(size) / static_cast<double>(choice.slices),
                                          choice.slices);
}

const kernels::Schedule& Candidates::schedule(const Choice& choice) {
  Candidate& candidate = all_[choice.which];
  candidate.schedule.slices = choice.slices;
  candidate.schedule.algorithm =
      candidate.name + (choice.slices > 1 ? "*" + std::to_string(choice.slices) : "");
  return candidate.schedule;
}

}  // namespace bench
