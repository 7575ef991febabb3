#include "bench/executor/program_prediction.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "kernels/collective/bounds.hpp"
#include "topology/error.hpp"

namespace bench {
namespace {

using topology::Bytes;
using topology::Level;
using topology::LevelShape;
using topology::Machine;
using topology::Seconds;

double most_of(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

}  // namespace

LinkLoads::LinkLoads(const Machine& machine)
    : machine_(&machine),
      loads_(machine.levels.size()),
      touched_(static_cast<std::size_t>(machine.chips())),
      reduced_(static_cast<std::size_t>(machine.chips())) {
  for (Load& load : loads_) {
    for (auto& bytes : load.bytes) bytes.resize(touched_.size());
    load.messages.resize(touched_.size());
    load.gaps.resize(touched_.size());
  }
}

void LinkLoads::add(const kernels::Message& message, Bytes size) {
  const auto from = static_cast<std::size_t>(message.from);
  const auto to = static_cast<std::size_t>(message.to);
  touched_[from] += size.value();
  touched_[to] += size.value() * (message.reduce ? 2 : 1);
  if (message.reduce) reduced_[to] += size.value();
  if (message.local()) return;
  const MessageRoute route = route_of(*machine_, message.from, message.to);
  for (const Crossing& link : route.crossings)
    loads_[link.level].bytes[link.direction][static_cast<std::size_t>(link.chip)] +=
        size.value() * link.share;
  for (const Leg& leg : route.legs) {
    Load& load = loads_[leg.level];
    load.used = true;
    load.messages[from] += 1;
    load.latency = std::max(load.latency, leg.latency);
  }
}

void LinkLoads::accumulate(const LinkLoads& other) {
  const auto add_up = [](std::vector<double>& mine, const std::vector<double>& theirs) {
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] += theirs[i];
  };
  add_up(touched_, other.touched_);
  add_up(reduced_, other.reduced_);
  for (std::size_t l = 0; l < loads_.size(); ++l) {
    for (const std::size_t d : {0U, 1U}) add_up(loads_[l].bytes[d], other.loads_[l].bytes[d]);
    // The first message of each round has one before it, too, see Traffic::accumulate.
    add_up(loads_[l].gaps, other.loads_[l].messages);
    add_up(loads_[l].gaps, other.loads_[l].gaps);
    loads_[l].used = loads_[l].used || other.loads_[l].used;
    loads_[l].latency = std::max(loads_[l].latency, other.loads_[l].latency);
  }
}

/// On the most loaded link. What goes up by a clos tier above the NIC, all chips below share.
double LinkLoads::heaviest(std::size_t level, std::size_t direction) const {
  const std::vector<double>& bytes = loads_[level].bytes[direction];
  const auto clos = [&](std::size_t l) { return machine_->levels[l].shape == LevelShape::clos; };
  if (level == 0 || !clos(level) || !clos(level - 1)) return most_of(bytes);
  const std::int64_t sharers = machine_->stride(level);
  double most = 0;
  for (auto at = bytes.begin(); at != bytes.end(); at += sharers)
    most = std::max(most, std::accumulate(at, at + sharers, 0.0) / static_cast<double>(sharers));
  return most;
}

Seconds LinkLoads::transfer(std::size_t level, std::size_t direction) const {
  const Level& what = machine_->levels[level];
  return Bytes(heaviest(level, direction)) / (what.port() * what.efficiency.value);
}

Seconds LinkLoads::issue(std::size_t level) const {
  const Load& load = loads_[level];
  return machine_->levels[level].gap.value *
         (std::max(0.0, most_of(load.messages) - 1) + most_of(load.gaps));
}

Seconds LinkLoads::memory_busy() const {
  const topology::Chip& chip = machine_->chip;
  if (!chip.memory_bandwidth) return {};
  const double reached = chip.memory_efficiency ? chip.memory_efficiency->value : 1;
  return Bytes(most_of(touched_)) / (chip.memory_bandwidth->value * reached);
}

// As Traffic::scaled_by_level: a message through a clos tier waits for the slowest tier below.
ProgramRoundTime LinkLoads::time() const {
  ProgramRoundTime slowest;
  slowest.transfer = memory_busy();  // of what stays within the ranks
  Seconds moved{};
  for (std::size_t l = 0; l < loads_.size(); ++l) {
    if (l == 0 || machine_->levels[l].shape != LevelShape::clos ||
        machine_->levels[l - 1].shape != LevelShape::clos)
      moved = Seconds{};
    moved = std::max({moved, issue(l), transfer(l, 0), transfer(l, 1)});
    if (!loads_[l].used) continue;
    const ProgramRoundTime time{l, loads_[l].latency, std::max(moved, memory_busy()), {}};
    if (time.total() > slowest.total()) slowest = time;
  }
  if (machine_->reduction)
    slowest.reduction = Bytes(most_of(reduced_)) / machine_->reduction->value;
  return slowest;
}

// The ports of a switched level are one class: the busier way.
std::optional<topology::LinkClass> LinkLoads::link_class(std::size_t l, std::size_t d) const {
  const Level& level = machine_->levels[l];
  const bool ring = level.shape == LevelShape::ring;
  const std::size_t busier = heaviest(l, 1) > heaviest(l, 0) ? 1 : 0;
  const Bytes load(heaviest(l, d));
  if (load <= Bytes() || (!ring && d != busier)) return {};
  const bool issue_bound = issue(l) > transfer(l, d);
  return topology::LinkClass{ring ? link_name(*machine_, l, d) : level.name,
                             l,
                             load,
                             level.port(),
                             std::max(transfer(l, d), issue(l)),
                             issue_bound,
                             {},
                             issue_bound ? level.gap.status : level.bandwidth.status};
}

std::vector<topology::LinkClass> LinkLoads::classes() const {
  std::vector<topology::LinkClass> all;
  for (std::size_t l = 0; l < loads_.size(); ++l)
    for (const std::size_t d : {0U, 1U})
      if (const auto found = link_class(l, d)) all.push_back(*found);
  if (memory_busy() > Seconds()) {
    const auto& rate = *machine_->chip.memory_bandwidth;
    all.push_back(
        {"hbm", {}, Bytes(most_of(touched_)), rate.value, memory_busy(), false, {}, rate.status});
  }
  return all;
}

namespace {

void check_ranks(const kernels::Program& program, const Machine& machine) {
  if (machine.chips() != program.ranks)
    topology::usage_error(fmt::format(
        "'{}' is for {} ranks, not for {}", program.name, program.ranks, machine.chips()));
}

LinkLoads loads_of(const kernels::ProgramRound& round, const Machine& machine, Bytes size) {
  LinkLoads loads(machine);
  for (const kernels::Message& m : round) loads.add(m, size * m.share);
  return loads;
}

}  // namespace

std::vector<ProgramRoundTime> round_times(const kernels::Program& program,
                                          const Machine& machine,
                                          Bytes size) {
  check_ranks(program, machine);
  std::vector<ProgramRoundTime> times;
  times.reserve(program.rounds.size());
  for (const kernels::ProgramRound& round : program.rounds)
    times.push_back(loads_of(round, machine, size).time());
  return times;
}

Prediction predict(const kernels::Program& program, const Machine& machine, Bytes size) {
  check_ranks(program, machine);
  Prediction result;
  result.algorithm = program.name;
  result.latency = machine.overhead.value;
  result.by_level.resize(machine.levels.size() + 1);
  LinkLoads all(machine);
  for (const kernels::ProgramRound& round : program.rounds) {
    const LinkLoads loads = loads_of(round, machine, size);
    const ProgramRoundTime time = loads.time();
    result.latency += time.latency;
    result.transfer += time.transfer;
    result.reduction += time.reduction;
    result.by_level[time.level] += time.latency + time.transfer;
    all.accumulate(loads);
  }
  result.by_level.back() += machine.overhead.value + result.reduction;
  result.time = result.latency + result.transfer + result.reduction;
  result.bound = kernels::lower_bound(program.collective, machine, size);
  result.links = all.classes();
  result.rounds = static_cast<std::int64_t>(program.rounds.size());
  result.classes = result.rounds;
  return result;
}

}  // namespace bench
