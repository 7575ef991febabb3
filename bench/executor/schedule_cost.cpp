#include "bench/executor/schedule_cost.hpp"

#include <algorithm>

#include "kernels/collective/bounds.hpp"
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
  traffic.add(to.digits.front(), to.at(k), message, exchange.at_root);
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

/// Digits in which the message has found its chunks' chip: of all members it is one's.
std::vector<std::size_t> settled(const Exchange& exchange) {
  std::vector<std::size_t> digits;
  for (std::size_t d = 0; d < exchange.chunks.size(); ++d)
    if (exchange.chunks[d].kind != kernels::DigitRange::Kind::all) digits.push_back(d);
  return digits;
}

/// Times that a byte that arrives is read from or written to a memory: the sender reads it and the
/// receiver writes it; to reduce, the receiver reads its own as well. Where pairs are listed nobody
/// is at both ends, so the receiver's part counts.
double touches(const Exchange& exchange) {
  return (exchange.reduce ? 3 : 2) - (exchange.to.pairing ? 1 : 0);
}

}  // namespace

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
      cost.traffic.add_incast(exchange.to.digits, message * more, settled(exchange));
      message = message * others;
      received = received * (others + more);
    }
    load(cost.traffic, exchange, part.k, message);
    cost.traffic.touch(received * touches(exchange));
    if (machine.reduction && exchange.reduce) cost.reduction += received / machine.reduction->value;
  }
  return cost;
}

ScheduleCost::ScheduleCost(const kernels::Schedule& schedule, const Machine& machine, Bytes size)
    : overhead_(machine.overhead.value), traffic_(machine) {
  topology::expects(schedule.extents.size() == machine.levels.size(),
                    "a schedule is predicted on the group it was built for");
  for (const kernels::Round& round : kernels::rounds(schedule)) {
    add_round(cost_of(round, schedule, machine, size), static_cast<double>(round.repeat));
    repeats_ += round.repeat;
  }
  busy_ = traffic_.busy_by_level();
}

void ScheduleCost::add_round(const RoundCost& cost, double repeat) {
  const std::vector<topology::ScaledTime> levels = cost.traffic.scaled_by_level();
  for (std::size_t l = 0; l < levels.size(); ++l)
    if (levels[l].at(1).total() > Seconds()) lines_.push_back({l, levels[l]});
  rounds_.push_back({lines_.size(), repeat});
  reduction_ += cost.reduction * repeat;
  traffic_.accumulate(cost.traffic, repeat);
}

template <class Visit>
void ScheduleCost::each_slowest(double scale, Visit&& visit) const {
  std::size_t begin = 0;
  for (const Kind& round : rounds_) {
    std::size_t level = 0;
    topology::ExchangeTime slowest;
    for (; begin < round.end; ++begin) {
      const topology::ExchangeTime time = lines_[begin].time.at(scale);
      if (slowest.total() >= time.total()) continue;
      slowest = time;
      level = lines_[begin].level;
    }
    visit(level, slowest, round.repeat);
  }
}

std::pair<std::size_t, Seconds> ScheduleCost::busiest(double scale) const {
  std::pair<std::size_t, Seconds> most{busy_.size() - 1, Seconds()};
  for (std::size_t l = 0; l < busy_.size(); ++l)
    if (const Seconds busy = busy_[l].at(scale).transfer; busy > most.second) most = {l, busy};
  return most;
}

CostParts ScheduleCost::parts(double scale, std::int64_t slices) const {
  CostParts sum{overhead_, {}, scale * reduction_};
  each_slowest(scale, [&](std::size_t, const topology::ExchangeTime& time, double repeat) {
    sum.latency += time.latency * repeat;
    sum.transfer += time.transfer * repeat;
  });
  sum.transfer +=
      std::max(busiest(scale).second, sum.reduction) * (static_cast<double>(slices) - 1);
  return sum;
}

std::vector<Seconds> ScheduleCost::by_level(double scale, std::int64_t slices) const {
  std::vector<Seconds> times(busy_.size());
  each_slowest(scale, [&](std::size_t level, const topology::ExchangeTime& time, double repeat) {
    times[level] += time.total() * repeat;
  });
  const Seconds reduction = scale * reduction_;
  const auto [level, busy] = busiest(scale);
  times[reduction > busy ? times.size() - 1 : level] +=
      std::max(busy, reduction) * (static_cast<double>(slices) - 1);
  times.back() += overhead_ + reduction;
  return times;
}

}  // namespace bench
