// The link loads that predict counts by symmetry, against every flow over all 524,288 chips.
#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

#include "bench/executor/predict.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/sanitized.hpp"
#include "topology/machine.hpp"

namespace {

using kernels::Collective;
using topology::Bytes;
using topology::LevelShape;
using topology::Machine;

/// Every flow of one step routed on its own, over every link of the machine: the loads that
/// predict gets from one line of each level.
class Audit {
 public:
  explicit Audit(const Machine& machine)
      : machine_(&machine),
        memory_(static_cast<std::size_t>(machine.chips())),
        links_(machine.levels.size()) {}

  /// Of a reduce-scatter, or of a reduce whose root alone takes part in some levels.
  void add(std::size_t level,
           topology::DigitMap map,
           double bytes,
           bool reduce,
           const std::vector<std::size_t>& at_root) {
    std::int64_t stride = 1;
    for (std::size_t l = 0; l < level; ++l) stride *= machine_->levels[l].extent;
    const std::int64_t n = machine_->levels[level].extent;
    const std::int64_t chips = machine_->chips();
    for (std::int64_t digit = 0; digit < n; ++digit) {
      const std::int64_t to = map(digit, n);
      if (to == topology::DigitMap::none) continue;
      for (std::int64_t group = 0; group < chips; group += n * stride)
        for (std::int64_t corner = group; corner < group + stride; ++corner) {
          const std::int64_t chip = corner + digit * stride;
          if (!takes_part(chip, at_root)) continue;
          memory_[index(chip)] += bytes;  // read to be sent
          // own read, sum written
          memory_[index(corner + to * stride)] += reduce ? 2 * bytes : bytes;
          if (machine_->levels[level].shape == LevelShape::ring)
            walk(level, corner, stride, digit, to, bytes);
          else
            climb(level, chip, corner + to * stride, bytes);
        }
    }
  }

  /// Of the most loaded link, by the name of its class.
  [[nodiscard]] std::map<std::string, double> heaviest() const {
    std::map<std::string, double> all;
    for (std::size_t l = 0; l < links_.size(); ++l)
      for (std::size_t d = 0; d < 2; ++d) {
        const bool ring = machine_->levels[l].shape == LevelShape::ring;
        const std::string sign = !ring ? "" : d == 0 ? "+" : "-";
        const double most = most_loaded(l, links_[l][d]);
        double& heaviest = all[machine_->levels[l].name + sign];
        heaviest = std::max(heaviest, most);
      }
    all["hbm"] = *std::max_element(memory_.begin(), memory_.end());
    std::erase_if(all, [](const auto& link) { return link.second == 0; });
    return all;
  }

 private:
  [[nodiscard]] bool takes_part(std::int64_t chip, const std::vector<std::size_t>& at_root) const {
    return std::all_of(at_root.begin(), at_root.end(), [&](std::size_t l) {
      return chip / machine_->stride(l) % machine_->levels[l].extent == 0;
    });
  }

  /// The chips below a clos tier share what leaves it, but for those with NICs of their own.
  [[nodiscard]] double most_loaded(std::size_t level, const std::vector<double>& chips) const {
    const auto clos = [&](std::size_t l) { return machine_->levels[l].shape == LevelShape::clos; };
    const std::int64_t sharers =
        level > 0 && clos(level) && clos(level - 1) ? machine_->stride(level) : 1;
    double most = 0;
    for (auto at = chips.begin(); at != chips.end(); at += sharers)
      most = std::max(most, std::accumulate(at, at + sharers, 0.0));
    return most / static_cast<double>(sharers);
  }

  void walk(std::size_t level,
            std::int64_t corner,
            std::int64_t stride,
            std::int64_t from,
            std::int64_t to,
            double bytes) {
    const std::int64_t n = machine_->levels[level].extent;
    const std::int64_t up = (to - from + n) % n;
    const double share = n == 2 || 2 * up < n ? 1 : 2 * up == n ? 0.5 : 0;
    for (std::int64_t h = 0; h < up; ++h)
      load(level, 0, corner + (from + h) % n * stride) += bytes * share;
    for (std::int64_t h = 0; h < n - up && share < 1; ++h)
      load(level, 1, corner + (from - h + n) % n * stride) += bytes * (1 - share);
  }

  /// Out of the sender's ports and into the receiver's.
  void climb(std::size_t level, std::int64_t from, std::int64_t to, double bytes) {
    load(level, 0, from) += bytes;
    load(level, 1, to) += bytes;
    while (machine_->levels[level].shape == LevelShape::clos && level > 0 &&
           machine_->levels[level - 1].shape == LevelShape::clos) {
      load(--level, 0, from) += bytes;
      load(level, 1, to) += bytes;
    }
  }

  /// Levels that nothing crosses take no memory.
  double& load(std::size_t level, std::size_t direction, std::int64_t chip) {
    std::vector<double>& loads = links_[level][direction];
    if (loads.empty()) loads.resize(memory_.size());
    return loads[index(chip)];
  }

  static std::size_t index(std::int64_t chip) { return static_cast<std::size_t>(chip); }

  const Machine* machine_;
  std::vector<double> memory_;
  std::vector<std::array<std::vector<double>, 2>> links_;  // level, direction, chip it leaves (or,
                                                           // into a port, reaches)
};

TEST(Audit, BruteForceOver524288ChipsCountsTheSameLoads) {
  const Machine machine = topology::load_system("rainier");
  for (const char* text : {"rhd(x,y,z)+rhd(pod,building,site;ports=1)",
                           "swing(x,y,z)+ring(pod)+ring(building)+ring(site)",
                           "xor(x,y,z)+rhd(pod,building,site;ports=1)",
                           "rhd(x,y,z)+tree(pod)+binomial(building,site)"}) {
    const bool tree = std::string(text).find("tree") != std::string::npos;
    if (fixtures::sanitized && !std::string(text).starts_with("rhd")) continue;
    const auto schedule =
        kernels::build(tree ? Collective::reduce : Collective::reduce_scatter, machine, text);
    const double chunk = 1024;
    const Bytes size(chunk * static_cast<double>(machine.chips()));
    for (const kernels::Round& round : kernels::rounds(schedule)) {
      Audit audit(machine);
      for (const kernels::Part& part : round.parts) {
        const double chunks = kernels::chunks_in(part.exchange->chunks, schedule.extents);
        audit.add(part.exchange->to.digits.front(),
                  part.exchange->to.at(part.k),
                  part.share.of(chunk * chunks),
                  part.exchange->reduce,
                  part.exchange->at_root);
      }
      std::map<std::string, double> predicted;
      for (const auto& link : bench::cost_of(round, schedule, machine, size).traffic.classes())
        predicted[link.name] = link.load.value();
      const auto counted = audit.heaviest();
      ASSERT_EQ(counted.size(), predicted.size()) << text;
      for (const auto& [name, load] : counted)
        EXPECT_NEAR(predicted[name], load, 1e-12 * load) << text << " " << name;
    }
  }
}

}  // namespace
