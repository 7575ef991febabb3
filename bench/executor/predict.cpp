#include "bench/executor/predict.hpp"

#include <algorithm>
#include <utility>

#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/nccl.hpp"
#include "kernels/collective/rounds.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

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

/// The same where the switch adds up or copies: a chip reads or writes each chunk once.
void load_in_switch(Traffic& traffic,
                    const Exchange& exchange,
                    Bytes message,
                    const kernels::Schedule& schedule) {
  traffic.add_in_switch(exchange.to.digits.front(), message, exchange.reduce);
  traffic.touch(message * (kernels::messages(exchange.to, schedule.extents) + 2));
}

/// Of a message for as many ranks as there are chunks in it, what more there is of it when one of
/// these receives more than others.
double more_for_busy(const Exchange& exchange, const kernels::Schedule& schedule) {
  const auto all = static_cast<double>(schedule.ranks());
  const double others = kernels::share_of_others(schedule.imbalance, all);
  return (schedule.imbalance - others) / kernels::chunks_in(exchange.chunks, schedule.extents);
}

/// Times that a byte that arrives is read from or written to a memory: the sender reads it and the
/// receiver writes it; to reduce, the receiver reads its own as well. Where pairs are listed nobody
/// is at both ends, so the receiver's part counts.
double touches(const Exchange& exchange) {
  return (exchange.reduce ? 3 : 2) - (exchange.to.pairing ? 1 : 0);
}

/// Smaller slices are not tried: what a message costs beside latency, gap and bytes is not
/// modelled.
constexpr Bytes least_slice(4 << 20);

std::int64_t most_slices(kernels::Collective collective, Bytes size, Bytes slice) {
  if (collective == kernels::Collective::all_to_all) return 1;
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(size / slice), 1, 256);
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
  RoundCost cost{Traffic(machine), {}};
  for (const kernels::Part& part : round.parts) {
    const Exchange& exchange = *part.exchange;
    Bytes message = kernels::message_size(part, schedule, size);
    if (exchange.in_switch) {
      load_in_switch(cost.traffic, exchange, message, schedule);
      continue;
    }
    Bytes received = message * kernels::messages(exchange.to, schedule.extents);
    if (schedule.imbalance != 1) {
      const double others =
          kernels::share_of_others(schedule.imbalance, static_cast<double>(schedule.ranks()));
      const double more = more_for_busy(exchange, schedule);
      cost.traffic.add_incast(exchange.to.digits, message * more);
      message = message * others;
      received = received * (others + more);
    }
    load(cost.traffic, exchange, part.k, message);
    cost.traffic.touch(received * touches(exchange));
    if (machine.reduction && exchange.reduce) cost.reduction += received / machine.reduction->value;
  }
  return cost;
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
  topology::expects(schedule.extents.size() == machine.levels.size(),
                    "a schedule is predicted on the group it was built for");
  const auto slices = static_cast<double>(schedule.slices);
  Prediction result;
  result.algorithm = schedule.algorithm;
  result.imbalance = schedule.imbalance;
  result.bound = std::move(bound);
  result.latency = machine.overhead.value;
  Traffic slice(machine);
  for (const kernels::Round& round : kernels::rounds(schedule)) {
    const RoundCost cost = cost_of(round, schedule, machine, size / slices);
    const auto repeat = static_cast<double>(round.repeat);
    const topology::ExchangeTime time = cost.traffic.time();
    result.latency += time.latency * repeat;
    result.transfer += time.transfer * repeat;
    result.reduction += cost.reduction * repeat;
    result.rounds += round.repeat * schedule.slices;
    ++result.classes;
    slice.accumulate(cost.traffic, repeat);
  }
  result.links = slice.classes();
  if (const topology::LinkClass* busiest = result.bottleneck(); busiest != nullptr)
    result.transfer += std::max(busiest->busy, result.reduction) * (slices - 1);
  result.time = result.latency + result.transfer + result.reduction;
  if (schedule.slices > 1) {
    Traffic all(machine);
    all.accumulate(slice, slices);
    result.links = all.classes();
  }
  return result;
}

/// In as many slices as make it fastest: more, four times as many each time, while that helps.
/// @return no algorithm where the reader does not accept it
Prediction best_sliced(kernels::Schedule schedule,
                       const Machine& machine,
                       Bytes size,
                       const kernels::Bound& bound,
                       Accepts accepts) {
  Prediction best;
  const std::int64_t most = most_slices(schedule.collective, size, least_slice);
  for (schedule.slices = 1; schedule.slices <= most; schedule.slices *= 4) {
    if (accepts != nullptr && !accepts(schedule)) break;
    Prediction next = predict(schedule, machine, size, bound);
    if (!best.algorithm.empty() && next.time >= best.time) break;
    if (schedule.slices > 1) next.algorithm += "*" + std::to_string(schedule.slices);
    best = std::move(next);
  }
  return best;
}

std::vector<Prediction> predict_all(kernels::Collective collective,
                                    const Machine& machine,
                                    Bytes size,
                                    const PredictOptions& options) {
  const kernels::Bound bound = kernels::lower_bound(collective, machine, size, options.imbalance);
  std::vector<Prediction> all;
  for (const std::string& text : kernels::candidates(collective, machine)) {
    kernels::Schedule schedule = kernels::build(collective, machine, text);
    schedule.imbalance = options.imbalance;
    if (schedule.imbalance != 1 && !kernels::takes_imbalance(schedule)) continue;
    Prediction next = best_sliced(std::move(schedule), machine, size, bound, options.accepts);
    if (!next.algorithm.empty()) all.push_back(std::move(next));
  }
  std::stable_sort(
      all.begin(), all.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return all;
}

Prediction predict_best(kernels::Collective collective,
                        const Machine& machine,
                        Bytes size,
                        const PredictOptions& options) {
  std::vector<Prediction> all = predict_all(collective, machine, size, options);
  if (all.empty())
    topology::usage_error(std::string(kernels::info(collective).name) +
                          " is predicted only: it can be neither measured nor clocked yet");
  return std::move(all.front());
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
