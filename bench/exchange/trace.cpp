#include "bench/exchange/trace.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "bench/executor/message_route.hpp"
#include "bench/executor/program_prediction.hpp"
#include "bench/executor/schedule_cost.hpp"
#include "topology/error.hpp"
#include "topology/parse.hpp"

namespace bench {
namespace {

using topology::Bytes;
using topology::Machine;
using topology::Seconds;

/// Perfetto takes this many in its stride; a browser does not take many times that.
constexpr std::size_t most_events = 1'000'000;

class Drawing {
 public:
  Drawing(const kernels::Program& program, const Machine& machine, Bytes size)
      : program_(program), machine_(machine), size_(size) {
    timeline_.tracks.push_back({"collective", "rounds"});
    if (machine.overhead.value > Seconds()) draw(0, "call", machine.overhead.value);
    now_ = machine.overhead.value;
  }

  void add(const kernels::ProgramRound& round, Seconds time) {
    draw(0, fmt::format("round {}", round_++), time);
    free_.clear();
    for (const kernels::Message& m : round) {
      if (m.local()) continue;
      const Bytes bytes = size_ * m.share;
      const std::string name = fmt::format("{}, {} to {}", topology::format(bytes), m.from, m.to);
      for (const Crossing& link : route_of(machine_, m.from, m.to).crossings)
        cross(link, name, bytes * link.share);
    }
    now_ += time;
  }

  /// Slices behind the first keep the links busy for as long as it did, each.
  void follow(std::int64_t slices, Seconds time) {
    if (slices == 1) return;
    const std::string name = fmt::format("slices 2 to {}", slices);
    draw(0, name, time);
    for (const auto& [track, took] : busy_)
      draw(track, name, std::min(time, took * static_cast<double>(slices - 1)));
  }

  Timeline take() { return std::move(timeline_); }

 private:
  void draw(std::size_t track, std::string name, Seconds took, Seconds after = {}) {
    if (timeline_.events.size() == most_events)
      topology::usage_error(
          fmt::format("'{}' over {} ranks is more than {} slices of a trace; choose fewer ranks",
                      program_.name,
                      program_.ranks,
                      most_events));
    timeline_.events.push_back({track, std::move(name), now_ + after, took});
  }

  /// Messages on one link one after the other.
  void cross(const Crossing& link, const std::string& name, Bytes bytes) {
    const topology::Level& level = machine_.levels[link.level];
    const Seconds took = bytes / (level.port() * level.efficiency.value);
    const std::size_t track = track_of(link);
    Seconds& free = free_[track];
    draw(track, name, took, free);
    free += took;
    busy_[track] += took;
  }

  std::size_t track_of(const Crossing& link) {
    const auto [found, is_new] =
        tracks_.try_emplace({link.chip, link.level, link.direction}, timeline_.tracks.size());
    if (is_new)
      timeline_.tracks.push_back(
          {fmt::format("rank {}", link.chip), link_name(machine_, link.level, link.direction)});
    return found->second;
  }

  const kernels::Program& program_;
  const Machine& machine_;
  Bytes size_;
  Timeline timeline_;
  Seconds now_;
  std::size_t round_ = 0;
  std::map<std::tuple<std::int64_t, std::size_t, std::size_t>, std::size_t> tracks_;
  std::map<std::size_t, Seconds> free_;  ///< tracks in this round, from when on
  std::map<std::size_t, Seconds> busy_;  ///< tracks in all rounds
};

}  // namespace

Timeline collective_timeline(const kernels::Schedule& schedule,
                             const Machine& machine,
                             Bytes size) {
  kernels::Schedule first = schedule;
  first.slices = 1;
  const kernels::Program program = kernels::spell_out(first, {0, false});
  const Bytes slice = size / static_cast<double>(schedule.slices);
  Drawing drawing(program, machine, slice);
  std::size_t at = 0;
  for (const kernels::Round& round : kernels::rounds(first)) {
    const RoundCost cost = cost_of(round, first, machine, slice);
    const Seconds time = cost.traffic.time().total() + cost.reduction;
    for (std::int64_t i = 0; i < round.repeat; ++i) drawing.add(program.rounds[at++], time);
  }
  const ScheduleCost cost(first, machine, slice);
  drawing.follow(schedule.slices, cost.parts(1, schedule.slices).time() - cost.parts(1, 1).time());
  return drawing.take();
}

Timeline collective_timeline(const kernels::Program& program, const Machine& machine, Bytes size) {
  Drawing drawing(program, machine, size);
  const auto times = round_times(program, machine, size);
  for (std::size_t r = 0; r < times.size(); ++r) drawing.add(program.rounds[r], times[r].total());
  return drawing.take();
}

}  // namespace bench
