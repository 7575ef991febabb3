#include "topology/traffic.hpp"

#include <algorithm>

#include "topology/error.hpp"
#include "topology/ring_links.hpp"

namespace topology {
namespace {

void add_to(std::vector<double>& sums, const std::vector<double>& values, double times) {
  sums.resize(std::max(sums.size(), values.size()));
  for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i] * times;
}

}  // namespace

Traffic::Traffic(const Machine& machine) : machine_(&machine), loads_(machine.levels.size()) {}

void Traffic::note(std::size_t level, double messages, std::int64_t hops) {
  const Level& what = machine_->levels[level];
  LevelLoad& load = loads_[level];
  load.used = true;
  load.messages += messages;
  const Seconds latency = what.latency.value +
                          what.hop.value * static_cast<double>(std::max<std::int64_t>(hops, 1) - 1);
  load.latency = std::max(load.latency, latency);
}

// A message through tier t also crosses the ports of the tiers below it, down to the NIC.
void Traffic::climb(std::size_t level, double bytes) {
  for (double& port : loads_[level].uniform) port += bytes;
  if (machine_->levels[level].shape != LevelShape::clos) return;
  while (level > 0 && machine_->levels[level - 1].shape == LevelShape::clos)
    for (double& port : loads_[--level].uniform) port += bytes;
}

void Traffic::add_in_switch(std::size_t level, Bytes bytes, bool reduce) {
  const auto members = static_cast<double>(machine_->levels[level].extent);
  const std::size_t many = reduce ? out : in;
  LevelLoad& load = loads_[level];
  for (const std::size_t way : {out, in}) {
    const double moved = bytes.value() * (way == many ? members : 1);
    load.uniform[way] += moved;
    load.in_switch[way] += moved;
  }
  note(level, 1, 1);
}

void Traffic::route(std::size_t level, DigitMap map, double bytes) {
  const std::int64_t n = machine_->levels[level].extent;
  LevelLoad& load = loads_[level];
  if (map.kind == DigitMap::Kind::add) {  // a translation: every link alike
    const std::int64_t ahead = map(0, n);
    const double part = share_up(ahead, n);
    load.uniform[up] += bytes * part * static_cast<double>(ahead);
    load.uniform[down] += bytes * (1 - part) * static_cast<double>(n - ahead);
    note(level, 1, std::min(ahead, n - ahead));
    return;
  }
  for (auto& links : load.extra) links.resize(static_cast<std::size_t>(n));
  std::int64_t farthest = 0;
  for (std::int64_t from = 0; from < n; ++from) {
    const std::int64_t to = map(from, n);
    if (to == DigitMap::none) continue;
    const std::int64_t ahead = (to - from + n) % n;
    send(load.extra, from, ahead, bytes);
    farthest = std::max(farthest, std::min(ahead, n - ahead));
  }
  if (map.kind == DigitMap::Kind::pairs) count_senders(level, map);
  note(level, map.kind == DigitMap::Kind::pairs ? 0 : 1, farthest);
}

void Traffic::count_senders(std::size_t level, DigitMap map) {
  auto& sent = loads_[level].sent;
  sent.resize(static_cast<std::size_t>(machine_->levels[level].extent));
  for (const auto& [from, to] : map.pairing->pairs(map.reversed))
    sent[static_cast<std::size_t>(from)] += 1;
}

/// Is it reached through the ports of the tier below?
bool Traffic::is_upper_tier(std::size_t level) const {
  return level > 0 && machine_->levels[level].shape == LevelShape::clos &&
         machine_->levels[level - 1].shape == LevelShape::clos;
}

/// Of what goes by a tier from or to the chips below, if all of them had as much as the one of
/// member 0.
double Traffic::share_of_tier(std::size_t level, const std::vector<std::size_t>& at_root) const {
  double share = 1;
  if (!is_upper_tier(level)) return share;  // every chip has a NIC of its own
  for (const std::size_t below : at_root)
    if (below < level) share /= static_cast<double>(machine_->levels[below].extent);
  return share;
}

void Traffic::pair_up(std::size_t level,
                      DigitMap map,
                      double bytes,
                      const std::vector<std::size_t>& at_root) {
  const auto members = static_cast<std::size_t>(machine_->levels[level].extent);
  const auto put = [&](std::array<std::vector<double>, 2>& ports, double share) {
    for (auto& way : ports) way.resize(members);
    for (const auto& [from, to] : map.pairing->pairs(map.reversed)) {
      ports[out][static_cast<std::size_t>(from)] += bytes * share;
      ports[in][static_cast<std::size_t>(to)] += bytes * share;
    }
  };
  put(loads_[level].extra, share_of_tier(level, at_root));
  for (std::size_t tier = level; is_upper_tier(tier); --tier) {
    auto& above = loads_[tier - 1].above;
    above.resize(std::max(above.size(), level - tier + 1));
    put(above[level - tier], share_of_tier(tier - 1, at_root));
  }
  count_senders(level, map);
  note(level, 0, 1);
}

void Traffic::add(std::size_t level,
                  DigitMap map,
                  Bytes bytes,
                  const std::vector<std::size_t>& at_root) {
  if (!machine_->levels[level].switched()) return route(level, map, bytes.value());
  if (map.kind == DigitMap::Kind::pairs) return pair_up(level, map, bytes.value(), at_root);
  climb(level, bytes.value());
  note(level, 1, 1);
}

void Traffic::route_all_pairs(std::size_t level, double bytes) {
  const std::int64_t n = machine_->levels[level].extent;
  for (std::int64_t ahead = 1; ahead < n; ++ahead)
    route(level, {DigitMap::Kind::add, ahead}, bytes);
}

void Traffic::add_every(const std::vector<std::size_t>& levels, Bytes bytes) {
  double below = 1;  // destinations that agree with the sender in this digit and above, per digit
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Level& level = machine_->levels[levels[i]];
    const auto extent = static_cast<double>(level.extent);
    // Ring digits above may differ as well; a pair that differs in a switched level above takes
    // that switch instead.
    double above = 1;
    for (std::size_t j = i + 1; j < levels.size(); ++j)
      if (!machine_->levels[levels[j]].switched())
        above *= static_cast<double>(machine_->levels[levels[j]].extent);
    if (level.switched()) {
      const double messages = (extent - 1) * below * above;
      climb(levels[i], messages * bytes.value());
      note(levels[i], messages, 1);
    } else {
      // A switch below has placed the message in its digits already.
      route_all_pairs(levels[i], below * above * bytes.value());
      loads_[levels[i]].messages += (below * above - 1) * (extent - 1);
    }
    below *= extent;
  }
  note_diagonal(levels);
}

// A switch puts a message in its digit and all below; a ring digit is the turn of those that have
// all digits below right and none above to correct, as many for each member as there are chips
// below.
void Traffic::add_incast(const std::vector<std::size_t>& levels,
                         Bytes bytes,
                         const std::vector<std::size_t>& alone) {
  double below = 1;
  for (const std::size_t l : levels) {
    const std::int64_t n = machine_->levels[l].extent;
    auto& extra = loads_[l].extra;
    for (auto& links : extra) links.resize(static_cast<std::size_t>(n));
    if (machine_->levels[l].switched()) {
      const double received = static_cast<double>(n - 1) * below * bytes.value();
      extra[in][0] += received * share_of_tier(l, alone);
      for (std::size_t tier = l; is_upper_tier(tier); --tier)
        loads_[tier - 1].uniform[in] += received * share_of_tier(tier - 1, alone);
    } else {
      for (std::int64_t from = 1; from < n; ++from)
        send(extra, from, n - from, below * bytes.value());
    }
    below *= static_cast<double>(n);
  }
}

// A message across several rings makes the hops of all of them.
void Traffic::note_diagonal(const std::vector<std::size_t>& levels) {
  std::int64_t hops = 0;
  for (const std::size_t l : levels) {
    if (machine_->levels[l].switched()) {
      hops = 0;
      continue;
    }
    hops += machine_->levels[l].extent / 2;
    note(l, 0, hops);
  }
}

void Traffic::accumulate(const Traffic& other, double times) {
  expects(loads_.size() == other.loads_.size(), "traffic of one machine is added up");
  touched_ += other.touched_ * times;
  for (std::size_t l = 0; l < loads_.size(); ++l) {
    LevelLoad& mine = loads_[l];
    const LevelLoad& theirs = other.loads_[l];
    mine.used = mine.used || theirs.used;
    // Exchanges that follow each other: here the first message of each has one before it, too.
    const Seconds issued = machine_->levels[l].gap.value * theirs.messages;
    mine.issued += (theirs.issued + issued) * times;
    add_to(mine.gaps, theirs.sent, times);
    add_to(mine.gaps, theirs.gaps, times);
    mine.latency = std::max(mine.latency, theirs.latency);
    for (const std::size_t d : {up, down}) {
      mine.uniform[d] += theirs.uniform[d] * times;
      mine.in_switch[d] += theirs.in_switch[d] * times;
      add_to(mine.extra[d], theirs.extra[d], times);
      mine.above.resize(std::max(mine.above.size(), theirs.above.size()));
      for (std::size_t tier = 0; tier < theirs.above.size(); ++tier)
        add_to(mine.above[tier][d], theirs.above[tier][d], times);
    }
  }
}

}  // namespace topology
