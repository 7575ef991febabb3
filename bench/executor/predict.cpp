#include "bench/executor/predict.hpp"

#include <algorithm>

#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/rounds.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using kernels::Exchange;
using kernels::Partner;
using topology::Bytes;
using topology::Machine;
using topology::Seconds;
using topology::Traffic;

/// Puts one exchange, `message` bytes per message, on the links.
void load(Traffic& traffic, const Exchange& exchange, std::int64_t k, Bytes message) {
  const Partner& to = exchange.to;
  if (to.every) return traffic.add_every(to.digits, message);
  traffic.add(to.digits.front(), to.at(k), message);
}

}  // namespace

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

RoundCost cost_of(const kernels::Round& round,
                  const kernels::Schedule& schedule,
                  const Machine& machine,
                  Bytes size) {
  const Bytes chunk = size / static_cast<double>(schedule.ranks());
  RoundCost cost{Traffic(machine), {}};
  for (const kernels::Part& part : round.parts) {
    const Exchange& exchange = *part.exchange;
    const Bytes message =
        part.share.of(chunk * kernels::chunks_in(exchange.chunks, schedule.extents));
    load(cost.traffic, exchange, part.k, message);
    if (machine.reduction && exchange.reduce)
      cost.reduction +=
          message * kernels::messages(exchange.to, schedule.extents) / machine.reduction->value;
  }
  return cost;
}

Prediction predict(const kernels::Schedule& schedule, const Machine& machine, Bytes size) {
  topology::expects(schedule.extents.size() == machine.levels.size(),
                    "a schedule is predicted on the group it was built for");
  Prediction result;
  result.algorithm = schedule.algorithm;
  result.bound = kernels::lower_bound(schedule.collective, machine, size);
  result.latency = machine.overhead.value;
  Traffic total(machine);
  for (const kernels::Round& round : kernels::rounds(schedule)) {
    const RoundCost cost = cost_of(round, schedule, machine, size);
    const auto repeat = static_cast<double>(round.repeat);
    const topology::ExchangeTime time = cost.traffic.time();
    result.latency += time.latency * repeat;
    result.transfer += time.transfer * repeat;
    result.reduction += cost.reduction * repeat;
    result.rounds += round.repeat;
    ++result.classes;
    total.accumulate(cost.traffic, repeat);
  }
  result.time = result.latency + result.transfer + result.reduction;
  result.links = total.classes();
  return result;
}

Prediction predict_best(kernels::Collective collective, const Machine& machine, Bytes size) {
  Prediction best;
  for (const std::string& text : kernels::candidates(collective, machine)) {
    Prediction next = predict(kernels::build(collective, machine, text), machine, size);
    if (best.algorithm.empty() || next.time < best.time) best = std::move(next);
  }
  return best;
}

Prediction predict(kernels::Collective collective,
                   const Machine& machine,
                   Bytes size,
                   const std::string& algorithm) {
  if (algorithm == "auto") return predict_best(collective, machine, size);
  return predict(kernels::build(collective, machine, algorithm), machine, size);
}

topology::Status evidence(const Prediction& prediction, const Machine& machine) {
  const topology::LinkClass* link = prediction.bottleneck();
  if (link != nullptr && prediction.transfer > prediction.latency)
    return link->issue_bound ? machine.levels[link->level].gap.status
                             : machine.levels[link->level].bandwidth.status;
  topology::Status weakest = topology::Status::published;
  for (const topology::Level& level : machine.levels)
    weakest = std::max(weakest, level.latency.status);
  return weakest;
}

}  // namespace bench
