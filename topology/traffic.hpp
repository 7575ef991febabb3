// What one exchange puts on the links: exact loads by symmetry, and the time they take.
//
// Every chip does the same on its own digits, so one line of a level stands for all lines of that
// level and nothing grows with the number of chips. Routing: the shorter way around a ring, half
// each way on a tie; switched levels reach any chip of the domain from its own port; a message
// through clos tier t loads the uplinks of all tiers up to t (ideal spraying: a tier is one fat
// link).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "topology/digit_map.hpp"
#include "topology/machine.hpp"
#include "topology/quantity.hpp"

namespace topology {

/// All links that are alike: one direction of a ring level, or the ports of a switched level; and
/// the memories of the chips, through which all of it passes.
struct LinkClass {
  std::string name;  ///< "x+", "x-", "rack", "pod": level, and direction on a ring; "hbm"
  std::optional<std::size_t> level;  ///< none: the chips' memory
  Bytes load;                        ///< on the most loaded link of the class, per direction
  BytesPerSecond capacity;           ///< raw, of one link (all parallel links together)
  Seconds busy;              ///< load / (capacity x efficiency), or `issue` if that is longer
  bool issue_bound = false;  ///< the chips' message rate takes longer than the bytes
  /// Bytes on the link from each member of a line to the next, where they differ; empty: all carry
  /// `load`.
  std::vector<Bytes> each{};
  Status evidence = Status::assumed;  ///< origin of the figure behind `busy`
};

/// Where the time of an exchange goes.
struct ExchangeTime {
  Seconds latency;
  Seconds transfer;

  [[nodiscard]] Seconds total() const { return latency + transfer; }
};

/// The same where `scale` times as many bytes move: latency + max(issue, scale x transfer).
struct ScaledTime {
  Seconds latency;
  Seconds issue;     ///< gaps between messages
  Seconds transfer;  ///< of the bytes there are

  [[nodiscard]] ExchangeTime at(double scale) const {
    return {latency, std::max(issue, scale * transfer)};
  }
};

class Traffic {
 public:
  explicit Traffic(const Machine& machine);

  /// Every chip sends `bytes` to the chip whose digit of `level` is map(own digit). Where the map
  /// lists pairs, loads are those of the members' own links and ports.
  /// @param at_root levels below in which member 0 alone takes part: of a clos tier above its NIC
  /// it has what all chips share that go up there together
  void add(std::size_t level,
           DigitMap map,
           Bytes bytes,
           const std::vector<std::size_t>& at_root = {});

  /// Every chip sends `bytes` to each of the chips that differ from it in `levels` and only there,
  /// all messages at once. Pairs that differ in a switched level go through the highest such level
  /// straight to the destination; the other digits follow in dimension order.
  void add_every(const std::vector<std::size_t>& levels, Bytes bytes);

  /// Every chip that differs from chip 0 in `levels` and only there sends it `bytes`, on the ways
  /// of add_every.
  /// @param alone levels below in which member 0 alone receives: of a clos tier above its NIC it
  /// has what all chips share that are reached by it together
  void add_incast(const std::vector<std::size_t>& levels,
                  Bytes bytes,
                  const std::vector<std::size_t>& alone = {});

  /// Every chip's part of a sum over the members of `level` that the switch forms, `bytes` for each
  /// member: all of them go up and one sum comes down; a copy to all goes the other way.
  void add_in_switch(std::size_t level, Bytes bytes, bool reduce);

  /// Every chip reads or writes `bytes` of its own memory. Counts where the chip has a figure for
  /// its bandwidth.
  void touch(Bytes bytes) { touched_ += bytes; }

  /// Adds the loads of another exchange, `times` over.
  void accumulate(const Traffic& other, double times);

  /// Classes that carry anything, in level order, memory last.
  [[nodiscard]] std::vector<LinkClass> classes() const;

  /// latency + max((messages - 1) gap, load / (bandwidth efficiency)) of each level; zero where a
  /// level is not used. A message through a clos tier waits for the slowest tier below as well, and
  /// every message for the memory.
  [[nodiscard]] std::vector<ExchangeTime> by_level() const;

  /// The slowest of the levels.
  [[nodiscard]] ExchangeTime time() const;

  /// by_level, before the number of bytes is known for good.
  [[nodiscard]] std::vector<ScaledTime> scaled_by_level() const;

  /// What keeps the links and memories of each level busy, that is the longest of its classes;
  /// memories last.
  [[nodiscard]] std::vector<ScaledTime> busy_by_level() const;

 private:
  struct LevelLoad {
    bool used = false;
    std::array<double, 2> uniform{};  // bytes on every link, up and down the ring; out and in of a
                                      // port
    std::array<double, 2> in_switch{};  // of these, what the switch adds up or copies
    std::array<std::vector<double>, 2>
        extra;  // bytes more on link i of a ring, when the map is not a translation; on member i's
                // port, out and in, when not all members send alike
    std::vector<std::array<std::vector<double>, 2>>
        above;                 // the same, of pairs through the clos tiers above, the nearest first
    double messages = 0;       // sent by one chip into this level, in this exchange
    std::vector<double> sent;  // more, by member i, where only some send
    Seconds issued{};          // gaps between messages of the exchanges added up
    std::vector<double> gaps;  // more of them, by member i
    Seconds latency{};         // of the farthest message
  };

  static constexpr std::size_t out = 0;  // of a port
  static constexpr std::size_t in = 1;

  void route(std::size_t level, DigitMap map, double bytes);
  void pair_up(std::size_t level,
               DigitMap map,
               double bytes,
               const std::vector<std::size_t>& at_root);
  [[nodiscard]] bool is_upper_tier(std::size_t level) const;
  [[nodiscard]] double share_of_tier(std::size_t level,
                                     const std::vector<std::size_t>& at_root) const;
  void count_senders(std::size_t level, DigitMap map);
  void route_all_pairs(std::size_t level, double bytes);
  void note_diagonal(const std::vector<std::size_t>& levels);
  void climb(std::size_t level, double bytes);
  void note(std::size_t level, double messages, std::int64_t hops);
  [[nodiscard]] bool is_class(std::size_t level, std::size_t direction) const;
  [[nodiscard]] LinkClass link_class(std::size_t level, std::size_t direction) const;
  [[nodiscard]] std::vector<Bytes> each(std::size_t level, std::size_t direction) const;
  [[nodiscard]] double heaviest(std::size_t level, std::size_t direction) const;
  [[nodiscard]] Seconds transfer(std::size_t level, std::size_t direction) const;
  [[nodiscard]] Seconds issue(std::size_t level) const;
  [[nodiscard]] Seconds memory_busy() const;

  const Machine* machine_;
  Bytes touched_;  ///< of each chip's memory
  std::vector<LevelLoad> loads_;
};

/// Latency of the fastest way to the farthest chip of a level: no collective is faster.
[[nodiscard]] Seconds farthest_latency(const Level& level);

}  // namespace topology
