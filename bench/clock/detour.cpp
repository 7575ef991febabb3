#include "bench/clock/detour.hpp"

#include <algorithm>
#include <array>

#include "topology/error.hpp"

namespace bench {
namespace {

using topology::Level;

/// One line of a ring with a link missing: loads of its links, up and down, by the member they
/// leave.
class Line {
 public:
  Line(const Level& level, std::int64_t broken, std::int64_t direction)
      : level_(&level), broken_(broken), broken_up_(direction > 0) {
    for (auto& links : loads_) links.resize(static_cast<std::size_t>(level.extent));
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

  /// Parts that go up and down: the shorter way, both on a tie, never over the broken link.
  [[nodiscard]] std::array<double, 2> shares(std::int64_t from, std::int64_t to) const {
    const std::int64_t up = ahead(from, to);
    if (up == 0) return {0, 0};
    const std::int64_t down = level_->extent - up;
    std::array<double, 2> share{up < down ? 1.0 : up == down ? 0.5 : 0.0, 0};
    share[1] = 1 - share[0];
    if (share[0] > 0 && broken_up_ && ahead(from, broken_) < up) share = {0, 1};
    if (share[1] > 0 && !broken_up_ && ahead(broken_, from) < down) share = {1, 0};
    return share;
  }

  template <class Visit>
  void walk(std::int64_t from, std::int64_t to, bool up, Visit&& visit) {
    const std::int64_t n = level_->extent;
    for (std::int64_t at = from; at != to; at = (at + (up ? 1 : n - 1)) % n)
      visit(loads_[up ? 0 : 1][static_cast<std::size_t>(at)]);
  }

  const Level* level_;
  std::int64_t broken_;
  bool broken_up_;
  std::array<std::vector<double>, 2> loads_;
};

}  // namespace

void add_detours(std::vector<Special>& specials,
                 const FailedLink& link,
                 const kernels::Round& round,
                 const std::vector<ClockPart>& parts,
                 const kernels::Schedule& schedule,
                 const topology::Machine& machine,
                 topology::Bytes size,
                 topology::Seconds reduction) {
  const Level& level = machine.levels[link.level];
  const std::int64_t stride = machine.stride(link.level);
  const std::int64_t digit = link.chip / stride % level.extent;
  const std::int64_t corner = link.chip - digit * stride;
  const auto uses_line = [&](std::size_t p) {
    const auto& digits = parts[p].exchange->to.digits;
    const bool uses = std::find(digits.begin(), digits.end(), link.level) != digits.end();
    if (uses && parts[p].every())
      topology::usage_error(
          "a failed link in an exchange of everybody with everybody is not "
          "modelled: name another algorithm for that level");
    return uses;
  };
  Line line(level, digit, link.direction);
  for (std::size_t p = 0; p < parts.size(); ++p)
    for (std::int64_t to = 0; uses_line(p) && to < level.extent; ++to)
      line.send(parts[p].senders(to, level.extent),
                to,
                kernels::message_size(round.parts[p], schedule, size).value());
  for (std::size_t p = 0; p < parts.size(); ++p)
    for (std::int64_t to = 0; uses_line(p) && to < level.extent; ++to) {
      const Ticks extra =
          to_ticks(line.time(parts[p].senders(to, level.extent), to) + reduction) - parts[p].cost;
      if (extra > 0) specials.push_back({corner + to * stride, p, extra});
    }
}

}  // namespace bench
