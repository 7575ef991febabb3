// How long the loads take that traffic.cpp has put on the links.
#include <algorithm>
#include <functional>

#include "topology/ring_links.hpp"
#include "topology/traffic.hpp"

namespace topology {
namespace {

double most(const std::vector<double>& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

}  // namespace

// Pairs through the tiers above come out of the same NIC.
double Traffic::heaviest(std::size_t level, std::size_t direction) const {
  const LevelLoad& load = loads_[level];
  double sum = load.uniform[direction] + most(load.extra[direction]);
  for (const auto& ports : load.above) sum += most(ports[direction]);
  return sum;
}

std::vector<Bytes> Traffic::each(std::size_t level, std::size_t direction) const {
  const auto& extra = loads_[level].extra[direction];
  if (std::adjacent_find(extra.begin(), extra.end(), std::not_equal_to<>()) == extra.end())
    return {};
  std::vector<Bytes> all;
  all.reserve(extra.size());
  for (const double more : extra) all.emplace_back(loads_[level].uniform[direction] + more);
  return all;
}

LinkClass Traffic::link_class(std::size_t l, std::size_t direction) const {
  const Level& level = machine_->levels[l];
  const std::string sign = level.switched() ? "" : direction == up ? "+" : "-";
  const Seconds moving = transfer(l, direction);
  const bool issue_bound = issue(l) > moving;
  return {level.name + sign,
          l,
          Bytes(heaviest(l, direction)),
          level.port(),
          std::max(moving, issue(l)),
          issue_bound,
          each(l, direction),
          issue_bound ? level.gap.status : level.bandwidth.status};
}

// The ports of a switched level are one class: the busier way, out or in.
bool Traffic::is_class(std::size_t l, std::size_t direction) const {
  if (heaviest(l, direction) <= 0) return false;
  const std::size_t busier = heaviest(l, in) > heaviest(l, out) ? in : out;
  return !machine_->levels[l].switched() || direction == busier;
}

std::vector<LinkClass> Traffic::classes() const {
  std::vector<LinkClass> all;
  for (std::size_t l = 0; l < loads_.size(); ++l)
    for (const std::size_t d : {up, down})
      if (is_class(l, d)) all.push_back(link_class(l, d));
  if (memory_busy() > Seconds{}) {
    const Sourced<BytesPerSecond>& rate = *machine_->chip.memory_bandwidth;
    all.push_back({"hbm", {}, touched_, rate.value, memory_busy(), false, {}, rate.status});
  }
  return all;
}

Seconds Traffic::memory_busy() const {
  const Chip& chip = machine_->chip;
  if (!chip.memory_bandwidth) return {};
  const double reached = chip.memory_efficiency ? chip.memory_efficiency->value : 1;
  return touched_ / (chip.memory_bandwidth->value * reached);
}

Seconds Traffic::issue(std::size_t level) const {
  const LevelLoad& load = loads_[level];
  const double gaps = std::max(0.0, load.messages + most(load.sent) - 1) + most(load.gaps);
  return load.issued + machine_->levels[level].gap.value * gaps;
}

Seconds Traffic::transfer(std::size_t level, std::size_t direction) const {
  const Level& what = machine_->levels[level];
  double bytes = heaviest(level, direction);
  if (const double slow = loads_[level].in_switch[direction]; slow > 0)
    bytes += slow * (1 / what.in_switch.value - 1);
  return Bytes(bytes) / (what.port() * what.efficiency.value);
}

std::vector<ScaledTime> Traffic::scaled_by_level() const {
  std::vector<ScaledTime> times(loads_.size());
  Seconds issued{};  // the slowest of the clos tiers that a message climbs through
  Seconds moved{};
  for (std::size_t l = 0; l < loads_.size(); ++l) {
    if (l == 0 || machine_->levels[l].shape != LevelShape::clos ||
        machine_->levels[l - 1].shape != LevelShape::clos)
      issued = moved = Seconds{};
    issued = std::max(issued, issue(l));
    moved = std::max({moved, transfer(l, up), transfer(l, down)});
    if (loads_[l].used) times[l] = {loads_[l].latency, issued, std::max(moved, memory_busy())};
  }
  return times;
}

std::vector<ScaledTime> Traffic::busy_by_level() const {
  std::vector<ScaledTime> times(loads_.size() + 1);
  for (std::size_t l = 0; l < loads_.size(); ++l)
    for (const std::size_t d : {up, down})
      if (is_class(l, d)) times[l] = {{}, issue(l), std::max(times[l].transfer, transfer(l, d))};
  times.back().transfer = memory_busy();
  return times;
}

std::vector<ExchangeTime> Traffic::by_level() const {
  std::vector<ExchangeTime> times;
  times.reserve(loads_.size());
  for (const ScaledTime& level : scaled_by_level()) times.push_back(level.at(1));
  return times;
}

ExchangeTime Traffic::time() const {
  const auto times = by_level();
  const auto worst = std::max_element(times.begin(), times.end(), [](const auto& a, const auto& b) {
    return a.total() < b.total();
  });
  return worst == times.end() ? ExchangeTime{} : *worst;
}

Seconds farthest_latency(const Level& level) {
  if (level.extent < 2) return Seconds{};
  if (level.switched()) return level.latency.value;
  const Seconds per_hop = std::min(level.hop.value, level.latency.value);
  const std::int64_t hops = level.extent / 2;
  return level.latency.value + per_hop * static_cast<double>(hops - 1);
}

}  // namespace topology
