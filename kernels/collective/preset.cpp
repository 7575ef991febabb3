#include "kernels/collective/preset.hpp"

#include <array>
#include <span>
#include <vector>

#include <fmt/format.h>

#include "kernels/collective/phase.hpp"
#include "topology/error.hpp"
#include "topology/names.hpp"

namespace kernels {
namespace {

using topology::LevelShape;
using topology::Machine;

struct Preset {
  const char* name;
  const char* algorithm;
};

// KangaRing goes round on Hamiltonian cycles that share no link: one ring through all chips, a lane
// for each port.
constexpr std::array inside{Preset{"mesh", "direct"},
                            Preset{"rdh", "rhd"},
                            Preset{"kangaring", "flat"},
                            Preset{"ring", "ring"}};
constexpr std::array between{
    Preset{"ring", "ring"}, Preset{"mesh", "direct"}, Preset{"rdh", "rhd"}};

const Algorithm& find(std::span<const Preset> presets, std::string_view name, const char* where) {
  std::vector<std::string> names;
  for (const Preset& preset : presets) {
    if (name == preset.name) return parse_algorithm(preset.algorithm);
    names.emplace_back(preset.name);
  }
  topology::usage_error(
      topology::unknown_name(fmt::format("Neuron algorithm {}", where), name, names));
}

std::vector<std::size_t> levels_of(const Machine& group, bool network) {
  std::vector<std::size_t> digits;
  for (std::size_t d = 0; d < group.levels.size(); ++d)
    if ((group.levels[d].shape == LevelShape::clos) == network) digits.push_back(d);
  return digits;
}

}  // namespace

std::string neuron_preset(std::string_view text, const Machine& group) {
  const std::size_t plus = text.find('+');
  const auto chips = levels_of(group, false);
  const auto servers = levels_of(group, true);
  const bool both = plus != std::string_view::npos;
  if (chips.empty() || servers.empty() == both)
    topology::usage_error(fmt::format(
        "'neuron:{}': expected neuron:INSIDE for a group inside a server or UltraServer, "
        "neuron:INSIDE+BETWEEN for several; {} has {} levels inside and {} between them",
        text,
        group.name,
        chips.size(),
        servers.size()));
  std::string phases =
      phase_text(find(inside, text.substr(0, plus), "inside a server"), chips, group);
  if (both)
    phases +=
        "+" + phase_text(find(between, text.substr(plus + 1), "between servers"), servers, group);
  return phases;
}

}  // namespace kernels
