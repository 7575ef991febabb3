#include "bench/training/groups.hpp"

#include <algorithm>

#include "bench/executor/predict.hpp"
#include "topology/axis.hpp"

namespace bench {
namespace {

using topology::Bytes;
using topology::Level;
using topology::Machine;
using topology::Seconds;

/// All numbers of a machine that the time of a collective depends on.
std::vector<double> figures_of(const Machine& machine) {
  std::vector<double> all{machine.overhead.value.value(),
                          machine.reduction ? machine.reduction->value.value() : 0};
  const auto& chip = machine.chip;
  all.push_back(chip.memory_bandwidth ? chip.memory_bandwidth->value.value() : 0);
  all.push_back(chip.memory_efficiency ? chip.memory_efficiency->value : 1);
  for (const Level& level : machine.levels)
    all.insert(all.end(),
               {static_cast<double>(level.shape),
                static_cast<double>(level.extent),
                level.bandwidth.value.value(),
                level.links.value,
                level.latency.value.value(),
                level.hop.value.value(),
                level.gap.value.value(),
                level.efficiency.value,
                level.in_switch.value});
  return all;
}

/// Algorithms may name levels.
std::string names_of(const Machine& machine, const std::string& algorithm) {
  std::string all = algorithm;
  for (const Level& level : machine.levels) all += '\n' + level.name;
  return all;
}

/// Counted at a byte: any size is a multiple.
constexpr Bytes unit(1);

}  // namespace

Group::Group(const Machine& whole, std::int64_t stride, std::int64_t members)
    : machine_(topology::axis(whole, stride, members)),
      stride_(stride),
      members_(members),
      levels_(whole.levels.size()) {
  for (const Level& level : machine_.levels) level_of_.push_back(whole.level(level.name));
  level_of_.push_back(levels_);
}

const Taken& Group::collective(kernels::Collective collective,
                               Bytes size,
                               const std::string& algorithm) {
  const Call call{collective, size.value()};
  const auto [found, fresh] = known_.try_emplace(call);
  if (fresh) found->second = predicted(call, algorithm);
  return found->second;
}

Taken Group::predicted(const Call& call, const std::string& algorithm) {
  const auto [collective, bytes] = call;
  if (algorithm != "auto") {
    const Prediction prediction = predict(collective, machine_, Bytes(bytes), algorithm);
    return spread(prediction.time, prediction.by_level);
  }
  auto found = candidates_.find(collective);
  if (found == candidates_.end())
    found = candidates_.try_emplace(collective, collective, machine_, unit).first;
  const Candidates::Choice choice = found->second.fastest(Bytes(bytes));
  return spread(choice.time, found->second.by_level(choice, Bytes(bytes)));
}

Taken Group::spread(Seconds time, const std::vector<Seconds>& by_level) const {
  Taken taken{time, std::vector<Seconds>(levels_ + 1)};
  for (std::size_t l = 0; l < by_level.size(); ++l) taken.by_level[level_of_[l]] += by_level[l];
  return taken;
}

Taken Group::transfer(Bytes size) const {
  const Level& level = machine_.levels.back();
  const Seconds time = level.latency.value +
                       size / (level.bandwidth.value * level.links.value * level.efficiency.value);
  std::vector<Seconds> by_level(machine_.levels.size());
  by_level.back() = time;
  return spread(time, by_level);
}

void Groups::use(const Machine& machine, const std::string& algorithm) {
  std::vector<double> figures = figures_of(machine);
  std::string names = names_of(machine, algorithm);
  if (figures == figures_ && names == names_) return;
  groups_.clear();
  figures_ = std::move(figures);
  names_ = std::move(names);
}

Group& Groups::group(const Machine& machine, std::int64_t stride, std::int64_t members) {
  std::unique_ptr<Group>& known = groups_[{stride, members}];
  if (known == nullptr) known = std::make_unique<Group>(machine, stride, members);
  return *known;
}

}  // namespace bench
