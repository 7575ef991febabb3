#include "bench/planning/figure_group.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "topology/parse.hpp"
#include "topology/scale_up.hpp"

namespace bench {
namespace {

using topology::Chip;
using topology::Level;
using topology::Machine;

/// More than any machine is faster than another; small enough for sums with it to keep digits.
constexpr double endless = 1e9;

template <class Q>
void times(topology::Figure<Q>& figure, double factor) {
  if (figure) figure->value = figure->value * factor;
}

template <class Q>
void times(topology::Sourced<Q>& figure, double factor) {
  figure.value = figure.value * factor;
}

void take_compute(Machine& to, const Machine& from) {
  Chip& chip = to.chip;
  chip.compute = from.chip.compute;
  chip.cache_bandwidth = from.chip.cache_bandwidth;
  chip.sbuf = from.chip.sbuf;
  chip.psum = from.chip.psum;
  chip.tensor_clock = from.chip.tensor_clock;
  chip.burst_clock = from.chip.burst_clock;
  chip.cores = from.chip.cores;
  chip.logical_cores = from.chip.logical_cores;
  chip.tile_k = from.chip.tile_k;
  chip.tile_m = from.chip.tile_m;
  chip.tile_n = from.chip.tile_n;
}

void free_compute(Machine& machine) {
  for (topology::ComputeRate& rate : machine.chip.compute) {
    times(rate.roof, endless);
    times(rate.peak, endless);
  }
  times(machine.chip.cache_bandwidth, endless);
  times(machine.chip.tensor_clock, endless);
  times(machine.chip.burst_clock, endless);
}

void take_bandwidth(Machine& to, const Machine& from) {
  to.chip.memory_bandwidth = from.chip.memory_bandwidth;
  to.chip.memory_efficiency = from.chip.memory_efficiency;
}

void free_bandwidth(Machine& machine) {
  times(machine.chip.memory_bandwidth, endless);
}

void take_capacity(Machine& to, const Machine& from) {
  to.chip.memory_capacity = from.chip.memory_capacity;
}

void free_capacity(Machine& machine) {
  machine.chip.memory_capacity.reset();
}

void take_chip_latencies(Machine& to, const Machine& from) {
  Chip& chip = to.chip;
  chip.ramp = from.chip.ramp;
  chip.launch = from.chip.launch;
  chip.dma_engines = from.chip.dma_engines;
  chip.dma_bandwidth = from.chip.dma_bandwidth;
  chip.dma_start = from.chip.dma_start;
  chip.collective_cores = from.chip.collective_cores;
}

void free_chip_latencies(Machine& machine) {
  times(machine.chip.ramp, 1 / endless);
  times(machine.chip.launch, 1 / endless);
  times(machine.chip.dma_start, 1 / endless);
}

/// Where the levels of a machine begin and end that are scale-up or network.
struct Side {
  std::size_t begin;
  std::size_t end;
};

Side side(const Machine& machine, bool network) {
  const std::size_t cut = topology::scale_up_levels(machine);
  return network ? Side{cut, machine.levels.size()} : Side{0, cut};
}

/// Times of the level at the same place, or of the last one.
void take_times(Level& to, const std::vector<Level>& from, Side at, std::size_t place) {
  if (at.begin == at.end) return;
  const Level& level = from[std::min(at.begin + place, at.end - 1)];
  to.latency = level.latency;
  to.hop = level.hop;
  to.gap = level.gap;
}

void take_levels(Machine& to, const Machine& from, bool network) {
  const Side mine = side(to, network);
  const Side theirs = side(from, network);
  std::vector<Level> taken(from.levels.begin() + static_cast<std::ptrdiff_t>(theirs.begin),
                           from.levels.begin() + static_cast<std::ptrdiff_t>(theirs.end));
  for (std::size_t i = 0; i < taken.size(); ++i) take_times(taken[i], to.levels, mine, i);
  const auto at = to.levels.erase(to.levels.begin() + static_cast<std::ptrdiff_t>(mine.begin),
                                  to.levels.begin() + static_cast<std::ptrdiff_t>(mine.end));
  to.levels.insert(at, taken.begin(), taken.end());
}

void take_scale_up(Machine& to, const Machine& from) {
  take_levels(to, from, false);
}

void take_network(Machine& to, const Machine& from) {
  take_levels(to, from, true);
}

void free_levels(Machine& machine, bool network) {
  const Side at = side(machine, network);
  for (std::size_t l = at.begin; l < at.end; ++l) times(machine.levels[l].bandwidth, endless);
}

void free_scale_up(Machine& machine) {
  free_levels(machine, false);
}

void free_network(Machine& machine) {
  free_levels(machine, true);
}

void take_link_latencies(Machine& to, const Machine& from) {
  for (const bool network : {false, true}) {
    const Side mine = side(to, network);
    const Side theirs = side(from, network);
    for (std::size_t l = mine.begin; l < mine.end; ++l)
      take_times(to.levels[l], from.levels, theirs, l - mine.begin);
  }
  to.overhead = from.overhead;
  to.reduction = from.reduction;
}

void free_link_latencies(Machine& machine) {
  for (Level& level : machine.levels) {
    times(level.latency, 1 / endless);
    times(level.hop, 1 / endless);
    times(level.gap, 1 / endless);
  }
  times(machine.overhead, 1 / endless);
  if (machine.reduction) times(*machine.reduction, endless);
}

constexpr std::array groups{
    FigureGroup{"compute", "rates, clock, cores and tiles", take_compute, free_compute},
    FigureGroup{"memory bandwidth", "of the chip", take_bandwidth, free_bandwidth},
    FigureGroup{"memory capacity", "of the chip", take_capacity, free_capacity},
    FigureGroup{"chip latencies", "ramp, launch, DMA", take_chip_latencies, free_chip_latencies},
    FigureGroup{"scale-up links", "levels below the NIC", take_scale_up, free_scale_up},
    FigureGroup{"network", "levels above the NIC", take_network, free_network},
    FigureGroup{"link latencies",
                "of messages and calls, rate of reductions",
                take_link_latencies,
                free_link_latencies}};

const char* group_of_chip_figure(const std::string& key) {
  if (key == "memory.bandwidth" || key == "memory.efficiency") return "memory bandwidth";
  if (key == "memory.capacity") return "memory capacity";
  if (key.starts_with("power.") || key.starts_with("price.")) return "cost";
  if (key == "engine.ramp" || key == "engine.launch" || key.starts_with("dma."))
    return "chip latencies";
  return "compute";
}

const char* group_of_level_figure(const std::string& key, bool network) {
  if (key == "latency" || key == "hop" || key == "gap") return "link latencies";
  return network ? "network" : "scale-up links";
}

template <class Q>
NamedFigure named(const char* group, std::string key, const topology::Sourced<Q>& figure) {
  return {group, std::move(key), topology::format(figure.value), figure.status, figure.source};
}

}  // namespace

std::span<const FigureGroup> figure_groups() {
  return groups;
}

std::vector<NamedFigure> figures(const Machine& machine) {
  std::vector<NamedFigure> all;
  topology::each_figure(machine.chip, [&all](const std::string& key, const auto& figure) {
    if (figure) all.push_back(named(group_of_chip_figure(key), "chip." + key, *figure));
  });
  const std::size_t cut = topology::scale_up_levels(machine);
  for (std::size_t l = 0; l < machine.levels.size(); ++l) {
    const Level& level = machine.levels[l];
    const auto add = [&](const char* key, const auto& figure) {
      all.push_back(named(group_of_level_figure(key, l >= cut), level.name + "." + key, figure));
    };
    topology::each_figure_of_level(level, add);
  }
  all.push_back(named("link latencies", "overhead", machine.overhead));
  if (machine.reduction) all.push_back(named("link latencies", "reduction", *machine.reduction));
  return all;
}

topology::Status origin(const std::vector<NamedFigure>& figures, const std::string& group) {
  topology::Status weakest = topology::Status::published;
  for (const NamedFigure& figure : figures)
    if (figure.group == group) weakest = std::max(weakest, figure.status);
  return weakest;
}

}  // namespace bench
