#include "bench/executor/message_route.hpp"

#include <algorithm>

namespace bench {
namespace {

using topology::Level;
using topology::LevelShape;
using topology::Machine;

constexpr std::size_t forth = 0;
constexpr std::size_t back = 1;

bool is_ring(const Level& level) {
  return level.shape == LevelShape::ring;
}

class Router {
 public:
  Router(const Machine& machine, std::int64_t from, std::int64_t to)
      : machine_(machine), at_(from), to_(to) {}

  MessageRoute find() {
    std::size_t next = 0;  // level
    for (std::size_t l = machine_.levels.size(); l-- > 0 && next == 0;)
      if (!is_ring(machine_.levels[l]) && digit(at_, l) != digit(to_, l)) {
        through_switch(l);
        next = l + 1;
      }
    for (; next < machine_.levels.size(); ++next)
      if (digit(at_, next) != digit(to_, next)) around_ring(next);
    return std::move(route_);
  }

 private:
  [[nodiscard]] std::int64_t digit(std::int64_t chip, std::size_t level) const {
    return chip / machine_.stride(level) % machine_.levels[level].extent;
  }

  [[nodiscard]] std::int64_t with_digit(std::size_t level, std::int64_t value) const {
    return at_ + (value - digit(at_, level)) * machine_.stride(level);
  }

  void through_switch(std::size_t level) {
    const std::int64_t block = machine_.stride(level) * machine_.levels[level].extent;
    const std::int64_t arrives = at_ / block * block + to_ % block;
    route_.legs.push_back({level, machine_.levels[level].latency.value});
    for (std::size_t l = level;; --l) {
      route_.crossings.push_back({l, forth, at_, 1});
      route_.crossings.push_back({l, back, arrives, 1});
      const bool climbs = machine_.levels[l].shape == LevelShape::clos && l > 0 &&
                          machine_.levels[l - 1].shape == LevelShape::clos;
      if (!climbs) break;
    }
    at_ = arrives;
  }

  void around_ring(std::size_t level) {
    const Level& ring = machine_.levels[level];
    const std::int64_t n = ring.extent;
    const std::int64_t first = digit(at_, level);
    const std::int64_t ahead = (digit(to_, level) - first + n) % n;
    // Two members have one link, in one direction each.
    const double up = n <= 2 || 2 * ahead < n ? 1 : 2 * ahead == n ? 0.5 : 0;
    for (std::int64_t i = 0; i < ahead && up > 0; ++i)
      route_.crossings.push_back({level, forth, with_digit(level, (first + i) % n), up});
    for (std::int64_t i = 0; i < n - ahead && up < 1; ++i)
      route_.crossings.push_back({level, back, with_digit(level, (first - i + n) % n), 1 - up});
    hops_ += std::min(ahead, n - ahead);
    const auto further = static_cast<double>(hops_ - 1);
    route_.legs.push_back({level, ring.latency.value + ring.hop.value * further});
    at_ = with_digit(level, digit(to_, level));
  }

  const Machine& machine_;
  std::int64_t at_;
  std::int64_t to_;
  std::int64_t hops_ = 0;
  MessageRoute route_;
};

}  // namespace

MessageRoute route_of(const Machine& machine, std::int64_t from, std::int64_t to) {
  return Router(machine, from, to).find();
}

std::string link_name(const Machine& machine, std::size_t level, std::size_t direction) {
  const Level& what = machine.levels[level];
  if (is_ring(what)) return what.name + (direction == forth ? "+" : "-");
  return what.name + (direction == forth ? " out" : " in");
}

}  // namespace bench
