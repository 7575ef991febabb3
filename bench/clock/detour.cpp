#include "bench/clock/detour.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "topology/error.hpp"

namespace bench {
namespace {

using topology::Level;

/// One line of a ring with links missing: loads of its links, up and down, by the member they
/// leave.
class BrokenLine {
 public:
  explicit BrokenLine(const Level& level) : level_(&level) {
    for (auto& links : loads_) links.resize(static_cast<std::size_t>(level.extent));
    for (auto& links : broken_) links.resize(static_cast<std::size_t>(level.extent));
  }

  void cut(std::int64_t member, std::int64_t direction) {
    broken_[direction > 0 ? 0 : 1][static_cast<std::size_t>(member)] = true;
  }

  void send(std::int64_t from, std::int64_t to, double bytes) {
    const std::array<double, 2> share = shares(from, to);
    for (const bool up : {true, false})
      walk(from, to, up, [&](double& load) { load += bytes * share[up ? 0 : 1]; });
  }

  /// Of a message that is on its way with the others.
  [[nodiscard]] topology::Seconds time(std::int64_t from, std::int64_t to) {
    const std::array<double, 2> share = shares(from, to);
    topology::Seconds worst{};
    for (const bool up : {true, false}) {
      if (share[up ? 0 : 1] == 0) continue;
      double most = 0;
      walk(from, to, up, [&](const double& load) { most = std::max(most, load); });
      const auto hops =
          static_cast<double>(up ? ahead(from, to) : level_->extent - ahead(from, to));
      const auto rate = level_->bandwidth.value * level_->links.value * level_->efficiency.value;
      worst = std::max(
          worst,
          level_->latency.value + level_->hop.value * (hops - 1) + topology::Bytes(most) / rate);
    }
    return worst;
  }

 private:
  [[nodiscard]] std::int64_t ahead(std::int64_t from, std::int64_t to) const {
    return (to - from + level_->extent) % level_->extent;
  }

  /// Parts that go up and down: the shorter way, both on a tie, never over a broken link.
  [[nodiscard]] std::array<double, 2> shares(std::int64_t from, std::int64_t to) const {
    const std::int64_t up = ahead(from, to);
    if (up == 0) return {0, 0};
    const std::int64_t down = level_->extent - up;
    std::array<double, 2> share{up < down ? 1.0 : up == down ? 0.5 : 0.0, 0};
    share[1] = 1 - share[0];
    const bool open_up = open(from, to, true);
    const bool open_down = open(from, to, false);
    if (!open_up && !open_down)
      topology::usage_error(fmt::format(
          "failed links leave no way from member {} to member {} of a ring {}; leave the place out "
          "with --without",
          from,
          to,
          level_->name));
    if (share[0] > 0 && !open_up) return {0, 1};
    if (share[1] > 0 && !open_down) return {1, 0};
    return share;
  }

  [[nodiscard]] std::size_t next(std::size_t at, bool up) const {
    const auto n = static_cast<std::size_t>(level_->extent);
    return (at + (up ? 1 : n - 1)) % n;
  }

  [[nodiscard]] bool open(std::int64_t from, std::int64_t to, bool up) const {
    const auto end = static_cast<std::size_t>(to);
    for (auto at = static_cast<std::size_t>(from); at != end; at = next(at, up))
      if (broken_[up ? 0 : 1][at]) return false;
    return true;
  }

  template <class Visit>
  void walk(std::int64_t from, std::int64_t to, bool up, Visit&& visit) {
    const auto end = static_cast<std::size_t>(to);
    for (auto at = static_cast<std::size_t>(from); at != end; at = next(at, up))
      visit(loads_[up ? 0 : 1][at]);
  }

  const Level* level_;
  std::array<std::vector<double>, 2> loads_;
  std::array<std::vector<bool>, 2> broken_;
};

/// By level and first chip.
using Lines = std::map<std::pair<std::size_t, std::int64_t>, BrokenLine>;

Lines lines_with(const std::vector<FailedLink>& failed, const topology::Machine& machine) {
  Lines lines;
  for (const FailedLink& link : failed) {
    const Level& level = machine.levels[link.level];
    const std::int64_t stride = machine.stride(link.level);
    const std::int64_t member = link.chip / stride % level.extent;
    const auto [line, is_new] = lines.try_emplace({link.level, link.chip - member * stride}, level);
    line->second.cut(member, link.direction);
  }
  return lines;
}

/// The parts of a round that send along a level.
std::vector<std::size_t> users(const std::vector<ClockPart>& parts, std::size_t level) {
  std::vector<std::size_t> using_level;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    const auto& digits = parts[p].exchange->to.digits;
    if (std::find(digits.begin(), digits.end(), level) == digits.end()) continue;
    if (parts[p].every())
      topology::usage_error(
          "a failed link in an exchange of everybody with everybody is not "
          "modelled: name another algorithm for that level");
    using_level.push_back(p);
  }
  return using_level;
}

}  // namespace

void add_detours(std::vector<Special>& specials,
                 const std::vector<FailedLink>& failed,
                 const kernels::Round& round,
                 const std::vector<ClockPart>& parts,
                 const kernels::Schedule& schedule,
                 const topology::Machine& machine,
                 topology::Bytes size,
                 topology::Seconds reduction) {
  Lines lines = lines_with(failed, machine);
  for (auto& [where, line] : lines) {
    const auto [level, corner] = where;
    const std::int64_t extent = machine.levels[level].extent;
    const std::vector<std::size_t> using_line = users(parts, level);
    for (const std::size_t p : using_line)
      for (std::int64_t to = 0; to < extent; ++to)
        line.send(parts[p].senders(to, extent),
                  to,
                  kernels::message_size(round.parts[p], schedule, size).value());
    for (const std::size_t p : using_line)
      for (std::int64_t to = 0; to < extent; ++to) {
        const Ticks extra =
            to_ticks(line.time(parts[p].senders(to, extent), to) + reduction) - parts[p].cost;
        if (extra > 0) specials.push_back({corner + to * machine.stride(level), p, extra});
      }
  }
}

}  // namespace bench
