#include "bench/executor/predict.hpp"

#include <algorithm>
#include <utility>

#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/nccl.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

namespace bench {

using topology::Bytes;
using topology::Machine;
using topology::Traffic;

const topology::LinkClass* Prediction::bottleneck() const {
  const auto most = std::max_element(
      links.begin(), links.end(), [](const auto& a, const auto& b) { return a.busy < b.busy; });
  return most == links.end() ? nullptr : &*most;
}

std::string Prediction::bottleneck_name() const {
  const topology::LinkClass* link = bottleneck();
  if (link == nullptr) return "none";
  return link->name + (link->issue_bound ? ", message rate" : "");
}

Prediction predict(const kernels::Schedule& schedule, const Machine& machine, Bytes size) {
  return predict(schedule,
                 machine,
                 size,
                 kernels::lower_bound(schedule.collective, machine, size, schedule.imbalance));
}

Prediction predict(const kernels::Schedule& schedule,
                   const Machine& machine,
                   Bytes size,
                   kernels::Bound bound) {
  const auto slices = static_cast<double>(schedule.slices);
  const ScheduleCost cost(schedule, machine, size / slices);
  const CostParts parts = cost.parts(1, schedule.slices);
  Prediction result;
  result.algorithm = schedule.algorithm;
  result.time = parts.time();
  result.latency = parts.latency;
  result.transfer = parts.transfer;
  result.reduction = parts.reduction;
  result.bound = std::move(bound);
  Traffic all(machine);
  all.accumulate(cost.traffic(), slices);
  result.links = all.classes();
  result.by_level = cost.by_level(1, schedule.slices);
  result.imbalance = schedule.imbalance;
  result.rounds = cost.rounds() * schedule.slices;
  result.classes = cost.classes();
  return result;
}

std::vector<Prediction> predict_all(kernels::Collective collective,
                                    const Machine& machine,
                                    Bytes size,
                                    const PredictOptions& options) {
  const kernels::Bound bound = kernels::lower_bound(collective, machine, size, options.imbalance);
  Candidates candidates(collective, machine, size, options);
  std::vector<Prediction> all;
  for (const Candidates::Choice& choice : candidates.by_time(size))
    all.push_back(predict(candidates.schedule(choice), machine, size, bound));
  return all;
}

Prediction predict_best(kernels::Collective collective,
                        const Machine& machine,
                        Bytes size,
                        const PredictOptions& options) {
  Candidates candidates(collective, machine, size, options);
  const Candidates::Choice choice = candidates.fastest(size);
  return predict(candidates.schedule(choice),
                 machine,
                 size,
                 kernels::lower_bound(collective, machine, size, options.imbalance));
}

namespace {

/// Is `asked` the name, or what stands before its ':' or ','?
bool names_or_begins(const std::string& asked, const std::string& name) {
  const std::size_t length = asked.size();
  return name.starts_with(asked) &&
         (name.size() == length || name[length] == ':' || name[length] == ',');
}

/// The fastest of what NCCL chooses from, or of what is asked for of it: "nccl:ring".
Prediction predict_nccl(kernels::Collective collective,
                        const Machine& machine,
                        Bytes size,
                        const std::string& asked,
                        const PredictOptions& options) {
  const kernels::Bound bound = kernels::lower_bound(collective, machine, size, options.imbalance);
  Prediction best;
  std::vector<std::string> names;
  for (const kernels::NcclChoice& choice : kernels::nccl_choices(collective, machine)) {
    names.push_back(choice.name);
    if (!names_or_begins(asked, choice.name)) continue;
    kernels::Schedule schedule = kernels::build(collective, choice.machine, choice.algorithm);
    schedule.imbalance = options.imbalance;
    schedule.slices = most_slices(collective, size, choice.slice);
    Prediction next = predict(schedule, choice.machine, size, bound);
    next.algorithm = choice.name;
    if (best.algorithm.empty() || next.time < best.time) best = std::move(next);
  }
  if (best.algorithm.empty())
    topology::usage_error(topology::unknown_name("algorithm of NCCL here", asked, names));
  return best;
}

}  // namespace

Prediction predict(kernels::Collective collective,
                   const Machine& machine,
                   Bytes size,
                   const std::string& algorithm,
                   const PredictOptions& options) {
  if (algorithm == "auto") return predict_best(collective, machine, size, options);
  if (algorithm.starts_with("nccl"))
    return predict_nccl(collective, machine, size, algorithm, options);
  kernels::Schedule schedule = kernels::build(collective, machine, algorithm);
  schedule.imbalance = options.imbalance;
  if (schedule.imbalance != 1 && !kernels::takes_imbalance(schedule))
    topology::usage_error(algorithm +
                          ": an imbalance is known for direct exchanges of an all_to_all only");
  return predict(schedule, machine, size);
}

topology::Status evidence(const Prediction& prediction, const Machine& machine) {
  const topology::LinkClass* link = prediction.bottleneck();
  if (link != nullptr && prediction.transfer > prediction.latency) return link->evidence;
  topology::Status weakest = topology::Status::published;
  for (const topology::Level& level : machine.levels)
    weakest = std::max(weakest, level.latency.status);
  return weakest;
}

}  // namespace bench
