#include "kernels/collective/nccl.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace kernels {
namespace {

using topology::Bytes;
using topology::BytesPerSecond;
using topology::Level;
using topology::LevelShape;
using topology::Machine;
using topology::Seconds;

/// Microseconds of NCCL's model (src/graph/tuning.cc): a hop over NVLink, one over the network, and
/// what a call takes beside; share of the bandwidth that is payload: LL sends a flag with every 4
/// bytes, LL128 with every 120. A tree reaches 0.92 of a ring's rate and has a chain inside, which
/// moves 2 S where the ring that stands for it here moves 2 (n-1)/n S: 7/8 for n = 8.
struct Protocol {
  std::string_view algorithm;
  std::string_view name;
  double inside;
  double between;
  double call;
  double payload;
};

constexpr Protocol simple_ring{"ring", "simple", 3.4, 14, 8.4, 1};
constexpr double of_ll128 = 120.0 / 128;
constexpr double of_a_tree = 0.92 * 7 / 8;

// Sums in the switch take 25 us in all, on the way up and down.
constexpr std::array protocols{simple_ring,
                               Protocol{"ring", "ll", 0.6, 2.7, 6.6, 0.5},
                               Protocol{"ring", "ll128", 1.9, 4, 14, of_ll128},
                               Protocol{"tree", "simple", 4, 14, 8.4, of_a_tree},
                               Protocol{"tree", "ll", 0.6, 5, 6.8, of_a_tree * 0.5},
                               Protocol{"tree", "ll128", 1.25, 8.5, 14, of_a_tree* of_ll128},
                               Protocol{"nvls", "simple", 12.5, 14, 8.4, 1},
                               Protocol{"p2p", "simple", 3.4, 14, 8.4, 1}};

constexpr Bytes slice_of_a_tree(4 << 20);
constexpr Bytes slice_in_switch(32 << 20);  // 128 KiB (NCCL_NVLS_CHUNKSIZE), 8 chips, 32 channels
constexpr Bytes never_sliced(1e30);

Machine in_protocol(const Machine& group, const Protocol& protocol) {
  Machine machine = group;
  machine.overhead.value = group.overhead.value * (protocol.call / simple_ring.call);
  for (Level& level : machine.levels) {
    const double factor = level.shape == LevelShape::clos ? protocol.between / simple_ring.between
                                                          : protocol.inside / simple_ring.inside;
    level.latency.value = level.latency.value * factor;
    level.efficiency.value *= protocol.payload;
  }
  return machine;
}

/// All ranks in one ring. Of its N hops N / stride(l) leave a member of level l.
Machine one_ring(const Machine& group) {
  const auto all = static_cast<double>(group.chips());
  std::optional<Level> ring;
  Seconds latencies{};
  for (std::size_t l = 0; l < group.levels.size(); ++l) {
    const Level& level = group.levels[l];
    if (level.extent == 1) continue;
    const auto below = static_cast<double>(group.stride(l));
    const double members = all / below;
    const double upper = members / static_cast<double>(level.extent);
    latencies += level.latency.value * (members - upper);
    const BytesPerSecond reached = level.port() * level.efficiency.value * below;
    if (ring && reached >= ring->bandwidth.value) continue;
    ring = level;
    ring->bandwidth.value = reached;
  }
  topology::expects(ring.has_value(), "a group has at least two chips");
  ring->name = "ring";
  ring->shape = LevelShape::all_to_all;
  ring->extent = group.chips();
  ring->links.value = 1;
  ring->efficiency.value = 1;
  ring->latency.value = latencies / (all - 1);
  Machine machine = group;
  machine.levels = {std::move(*ring)};
  return machine;
}

/// "nvls(nvlink)+doubletree(node)"
std::string with_trees(std::string_view inside, const Machine& group) {
  std::string text = fmt::format("{}({})", inside, group.levels.front().name);
  for (std::size_t l = 1; l < group.levels.size(); ++l)
    text += fmt::format("+doubletree({})", group.levels[l].name);
  return text;
}

/// Is it one of several domains of chips, and the lowest has a switch that adds up?
bool applies(std::string_view algorithm, Collective collective, const Machine& group) {
  if (algorithm == "p2p") return collective == Collective::all_to_all;
  if (algorithm == "ring") return collective != Collective::all_to_all;
  if (collective != Collective::all_reduce) return false;
  const Level& lowest = group.levels.front();
  if (lowest.extent < 2) return false;
  return algorithm == "nvls" ? lowest.in_switch.value > 0 : lowest.extent < group.chips();
}

NcclChoice choice(const Protocol& protocol, const Machine& group) {
  Machine machine = in_protocol(group, protocol);
  const std::string name = fmt::format("nccl:{},{}", protocol.algorithm, protocol.name);
  if (protocol.algorithm == "ring") return {name, one_ring(machine), "ring(ring)", never_sliced};
  if (protocol.algorithm == "p2p") return {name, std::move(machine), "direct", never_sliced};
  const bool nvls = protocol.algorithm == "nvls";
  std::string text = with_trees(nvls ? "nvls" : "ring", group);
  return {name, std::move(machine), std::move(text), nvls ? slice_in_switch : slice_of_a_tree};
}

void check(Collective collective, const Machine& group) {
  constexpr std::array served{Collective::all_reduce,
                              Collective::all_gather,
                              Collective::reduce_scatter,
                              Collective::all_to_all};
  if (std::find(served.begin(), served.end(), collective) == served.end())
    topology::usage_error(fmt::format(
        "nccl: {} is not among those it is known for: all_reduce, all_gather, reduce_scatter, "
        "all_to_all",
        info(collective).name));
  for (const Level& level : group.levels)
    if (level.shape == LevelShape::ring)
      topology::usage_error(
          fmt::format("nccl runs on switched levels; '{}' is a ring of a torus", level.name));
}

}  // namespace

std::vector<NcclChoice> nccl_choices(Collective collective, const Machine& group) {
  check(collective, group);
  std::vector<NcclChoice> choices;
  for (const Protocol& protocol : protocols)
    if (applies(protocol.algorithm, collective, group)) choices.push_back(choice(protocol, group));
  return choices;
}

}  // namespace kernels
