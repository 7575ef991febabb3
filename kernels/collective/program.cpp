#include "kernels/collective/program.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "kernels/collective/ranks.hpp"
#include "kernels/collective/rounds.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

/// Of lanes whose shares are computed: what is closer is the same.
constexpr double same_cut = 1e-9;

/// Where the shares of all lanes begin and end.
std::vector<double> cuts_of(const std::vector<Round>& all) {
  std::set<double> ends{0, 1};
  for (const Round& round : all)
    for (const Part& part : round.parts) ends.insert({part.share.begin, part.share.end});
  std::vector<double> cuts;
  for (const double end : ends)
    if (cuts.empty() || end - cuts.back() > same_cut) cuts.push_back(end);
  cuts.back() = 1;
  return cuts;
}

/// A block of an all-to-all on its way.
struct Shipment {
  Rank source = 0;
  Spot at;
};

class Speller {
 public:
  Speller(const Schedule& schedule, const Spelling& what)
      : schedule_(schedule), what_(what), rounds_(rounds(schedule)) {
    program_.count = what.count;
    cuts_ = cuts_of(rounds_);
    program_.collective = schedule.collective;
    program_.ranks = schedule.ranks();
    program_.name = schedule.algorithm;
    program_.chunks = schedule.ranks();
    to_all_ = schedule.collective == Collective::all_to_all;
    program_.in_place = !to_all_;
    const std::size_t per_slice = cuts_.size() - 1;
    const auto slices = static_cast<double>(schedule.slices);
    program_.cuts.assign(1, 0.0);
    for (std::int64_t s = 0; s < schedule.slices; ++s)
      for (std::size_t i = 1; i <= per_slice; ++i)
        program_.cuts.push_back((static_cast<double>(s) + cuts_[i]) / slices);
  }

  Program spell() {
    if (to_all_) start_blocks();
    for (std::int64_t s = 0; s < schedule_.slices; ++s) {
      auto at = static_cast<std::size_t>(s);  // a round behind the slice before
      for (const Round& round : rounds_)
        for (std::int64_t i = 0; i < round.repeat; ++i) {
          if (program_.rounds.size() <= at) program_.rounds.emplace_back();
          add(program_.rounds[at++], round, i, s);
        }
    }
    return std::move(program_);
  }

 private:
  void add(ProgramRound& into, const Round& round, std::int64_t repeat, std::int64_t slice) {
    std::int64_t lane = slice * static_cast<std::int64_t>(round.parts.size());
    for (const Part& part : round.parts) {
      const Exchange& exchange = *part.exchange;
      const std::int64_t k = part.k + repeat;
      const Cells cells = cells_of(part.share, slice);
      for (Rank from = 0; from < program_.ranks; ++from)
        for (const Rank to : receivers(exchange, k, from, schedule_.extents)) {
          const auto chunks = chunks_between(exchange, k, from, to, schedule_.extents);
          Message message{from, to, exchange.reduce, lane, {}, 0, 0};
          for (const Rank chunk : chunks) carry(message, chunk, cells);
          if (message.moves.empty()) continue;
          weigh(message);
          into.push_back(std::move(message));
        }
      ++lane;
    }
    for (auto& [where, block] : arriving_) held_[where].push_back(block);
    arriving_.clear();
  }

  void weigh(Message& message) {
    program_.weigh(message);
    if (!what_.moves) std::vector<Move>().swap(message.moves);  // its memory, too
    moves_ += message.moves.size();
    if (moves_ > most_program_moves)
      topology::usage_error(
          fmt::format("'{}' over {} ranks moves more than {} pieces of a vector, which are not "
                      "spelled out; choose fewer ranks",
                      program_.name,
                      program_.ranks,
                      most_program_moves));
  }

  /// Of a chunk, [first, last).
  struct Cells {
    std::int64_t first = 0;
    std::int64_t last = 0;
  };

  [[nodiscard]] Cells cells_of(const Share& share, std::int64_t slice) const {
    const std::int64_t before = slice * (static_cast<std::int64_t>(cuts_.size()) - 1);
    return {before + cut(share.begin), before + cut(share.end)};
  }

  void carry(Message& message, Rank chunk, const Cells& cells) {
    const std::int64_t per_chunk = program_.cells_per_chunk();
    if (!to_all_) {
      const Spot place{Buffer::output, chunk * per_chunk + cells.first};
      return append(message, {place, place, cells.last - cells.first});
    }
    for (std::int64_t i = cells.first; i < cells.last; ++i)
      for (const Shipment& block : std::exchange(held(message.from, chunk, i), {})) {
        const Spot to = arrival(message.to, chunk, block.source, i);
        append(message, {block.at, to, 1});
        arriving_.emplace_back(held_at(message.to, chunk, i), Shipment{block.source, to});
      }
  }

  static void append(Message& message, const Move& move) {
    if (!message.moves.empty()) {
      Move& last = message.moves.back();
      const auto follows = [&](const Spot& a, const Spot& b) {
        return a.buffer == b.buffer && a.cell + last.cells == b.cell;
      };
      if (follows(last.from, move.from) && follows(last.to, move.to)) {
        last.cells += move.cells;
        return;
      }
    }
    message.moves.push_back(move);
  }

  [[nodiscard]] std::int64_t cut(double share) const {
    const auto at = std::lower_bound(cuts_.begin(), cuts_.end(), share - same_cut);
    return at - cuts_.begin();
  }

  void start_blocks() {
    held_.resize(static_cast<std::size_t>(program_.ranks * program_.cells()));
    room_.resize(static_cast<std::size_t>(program_.ranks));
    const std::int64_t per_chunk = program_.cells_per_chunk();
    ProgramRound& first = program_.rounds.emplace_back();
    for (Rank r = 0; r < program_.ranks; ++r) {
      const std::int64_t own = r * per_chunk;
      first.push_back(
          {r, r, false, 0, {{{Buffer::input, own}, {Buffer::output, own}, per_chunk}}, 0, 0});
      weigh(first.back());
      for (std::int64_t cell = 0; cell < program_.cells(); ++cell)
        if (cell / per_chunk != r)
          held(r, cell / per_chunk, cell % per_chunk).push_back({r, {Buffer::input, cell}});
    }
  }

  /// Where a block for `chunk` goes when it comes to a rank: to its place at the end, or aside.
  Spot arrival(Rank rank, Rank chunk, Rank source, std::int64_t i) {
    const std::int64_t per_chunk = program_.cells_per_chunk();
    if (rank == chunk) return {Buffer::output, source * per_chunk + i};
    const std::int64_t place = room_[static_cast<std::size_t>(rank)]++;
    program_.scratch = std::max(program_.scratch, (place + 1) * per_chunk);
    return {Buffer::scratch, place * per_chunk + i};
  }

  [[nodiscard]] std::size_t held_at(Rank rank, Rank chunk, std::int64_t i) const {
    return static_cast<std::size_t>(rank * program_.cells() + chunk * program_.cells_per_chunk() +
                                    i);
  }

  std::vector<Shipment>& held(Rank rank, Rank chunk, std::int64_t i) {
    return held_[held_at(rank, chunk, i)];
  }

  const Schedule& schedule_;
  Spelling what_;
  std::vector<Round> rounds_;
  std::vector<double> cuts_;  ///< of a slice
  Program program_;
  bool to_all_ = false;
  std::size_t moves_ = 0;                    ///< kept
  std::vector<std::vector<Shipment>> held_;  ///< of an all-to-all, by rank and cell
  std::vector<std::pair<std::size_t, Shipment>> arriving_;
  std::vector<std::int64_t> room_;  ///< taken of each rank's scratch
};

/// Of all ranks in one exchange; where some keep out, of those that do not.
double messages_of(const Exchange& exchange, const Schedule& schedule) {
  const Partner& to = exchange.to;
  auto senders = static_cast<double>(schedule.ranks());
  for (const std::size_t d : exchange.at_root) senders /= static_cast<double>(schedule.extents[d]);
  if (to.pairing)
    senders *= static_cast<double>(to.pairing->pairs(to.map.reversed).size()) /
               static_cast<double>(schedule.extents[to.digits.front()]);
  return senders * messages(to, schedule.extents);
}

void check_size(const Schedule& schedule) {
  if (schedule.ranks() > most_program_ranks)
    topology::usage_error(
        fmt::format("{} ranks: every message is spelled out, which is done for up to {} ranks",
                    schedule.ranks(),
                    most_program_ranks));
  if (const double messages = count_messages(schedule); messages > most_program_messages)
    topology::usage_error(fmt::format(
        "'{}' over {} ranks is {:.0f} messages: every one is spelled out, which is done for up to "
        "{:.0f}; choose fewer ranks or an algorithm of fewer messages",
        schedule.algorithm,
        schedule.ranks(),
        messages,
        most_program_messages));
}

}  // namespace

double Program::share_before(std::int64_t cell) const {
  const std::int64_t per_chunk = cells_per_chunk();
  const std::int64_t chunk = cell / per_chunk;
  return (static_cast<double>(chunk) + cuts[static_cast<std::size_t>(cell % per_chunk)]) /
         static_cast<double>(chunks);
}

std::int64_t Program::elements_before(std::int64_t cell, std::int64_t all) const {
  return std::llround(static_cast<double>(all) * share_before(cell));
}

void Program::weigh(Message& message) const {
  message.share = 0;
  message.elements = 0;
  for (const Move& move : message.moves) {
    const std::int64_t end = move.from.cell + move.cells;
    message.share += share_before(end) - share_before(move.from.cell);
    if (count > 0)
      message.elements += elements_before(end, count) - elements_before(move.from.cell, count);
  }
}

std::int64_t Program::messages() const {
  std::int64_t sum = 0;
  for (const ProgramRound& round : rounds)
    sum += std::count_if(round.begin(), round.end(), [](const Message& m) { return !m.local(); });
  return sum;
}

double count_messages(const Schedule& schedule) {
  double sum = 0;
  for (const Round& round : rounds(schedule))
    for (const Part& part : round.parts)
      sum += static_cast<double>(round.repeat) * messages_of(*part.exchange, schedule);
  return sum * static_cast<double>(schedule.slices);
}

Program spell_out(const Schedule& schedule, const Spelling& what) {
  if (schedule.collective == Collective::barrier)
    topology::usage_error("a barrier moves no data that could be spelled out");
  check_size(schedule);
  for (const Round& round : rounds(schedule))
    for (const Part& part : round.parts)
      if (part.exchange->in_switch)
        topology::usage_error("'" + schedule.algorithm +
                              "' adds up in a switch, which messages between ranks cannot say");
  return Speller(schedule, what).spell();
}

}  // namespace kernels
