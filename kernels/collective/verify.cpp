#include "kernels/collective/verify.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <iterator>
#include <set>
#include <span>
#include <utility>

#include <fmt/format.h>

namespace kernels {
namespace {

/// A set of ranks, 64 to a word.
using RankSet = std::span<std::uint64_t>;
using ConstRankSet = std::span<const std::uint64_t>;

void insert(RankSet set, Rank r) {
  set[static_cast<std::size_t>(r) / 64] |= 1ULL << (static_cast<std::uint64_t>(r) % 64);
}

bool intersect(ConstRankSet a, ConstRankSet b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if ((a[i] & b[i]) != 0) return true;
  return false;
}

Rank members(ConstRankSet set) {
  Rank sum = 0;
  for (const std::uint64_t word : set) sum += std::popcount(word);
  return sum;
}

bool none_in(ConstRankSet set) {
  return std::all_of(set.begin(), set.end(), [](std::uint64_t word) { return word == 0; });
}

/// What arrived where. For an all-to-all, chunk c at rank r holds the blocks for c of the ranks in
/// the set: concatenation in place of the sum. Blocks that are sent are gone from the sender, whose
/// buffer has room for one of each rank.
class State {
 public:
  State(Collective collective, Rank ranks)
      : collective_(collective), ranks_(ranks), words_(static_cast<std::size_t>(ranks) / 64 + 1) {
    const auto n = static_cast<std::size_t>(ranks);
    bits_.resize(n * n * words_);
    sent_.resize(n * n);
    written_.resize(n * n);
    for (Rank r = 0; r < ranks; ++r)
      for (Rank c = 0; c < ranks; ++c)
        if (holds(info(collective).from, r, c)) insert(at(r, c), r);
  }

  RankSet at(Rank rank, Rank chunk) { return {&bits_[place(rank, chunk) * words_], words_}; }

  void next_round() { ++round_; }

  void sends(Rank rank, Rank chunk) { sent_[place(rank, chunk)] = round_; }

  [[nodiscard]] bool sending(Rank rank, Rank chunk) const {
    return sent_[place(rank, chunk)] == round_;
  }

  /// False if it was written in this round before.
  [[nodiscard]] bool writes(Rank rank, Rank chunk) {
    return std::exchange(written_[place(rank, chunk)], round_) != round_;
  }

  /// Of an all-to-all: does each rank's buffer hold what it has?
  [[nodiscard]] Verdict has_room(std::int64_t round) {
    for (Rank r = 0; r < ranks_; ++r) {
      Rank blocks = 0;
      for (Rank c = 0; c < ranks_; ++c) blocks += members(at(r, c));
      if (blocks > ranks_)
        return {false,
                fmt::format(
                    "round {}, rank {}: {} blocks where {} have room", round, r, blocks, ranks_)};
    }
    return {};
  }

  [[nodiscard]] Verdict finished() {
    const CollectiveInfo& what = info(collective_);
    std::vector<std::uint64_t> wanted(words_);  // all that there was of this chunk
    for (Rank c = 0; c < ranks_; ++c) {
      std::fill(wanted.begin(), wanted.end(), 0);
      for (Rank r = 0; r < ranks_; ++r)
        if (holds(what.from, r, c)) insert(wanted, r);
      for (Rank r = 0; r < ranks_; ++r)
        if (holds(what.to, r, c) && !std::equal(wanted.begin(), wanted.end(), at(r, c).begin()))
          return {false, fmt::format("at the end, chunk {} of rank {} lacks contributions", c, r)};
    }
    return {};
  }

 private:
  [[nodiscard]] std::size_t place(Rank rank, Rank chunk) const {
    return static_cast<std::size_t>(rank * ranks_ + chunk);
  }

  Collective collective_;
  Rank ranks_;
  std::size_t words_;                ///< of a set
  std::vector<std::uint64_t> bits_;  ///< ranks x chunks sets
  std::int64_t round_ = 0;
  std::vector<std::int64_t> sent_;     ///< when last, by rank and chunk
  std::vector<std::int64_t> written_;  ///< in place of what was there
};

Verdict violation(const Transfer& t, Rank chunk, const char* what) {
  return {false,
          fmt::format("round {}, rank {} to {}, chunk {}: {}", t.round, t.from, t.to, chunk, what)};
}

/// Blocks of an all-to-all come together like terms of a sum.
bool adds(const Transfer& t, Collective collective) {
  return t.reduce || collective == Collective::all_to_all;
}

/// The transfers of one round: all is read before anything is written.
class Delivery {
 public:
  Delivery(State& state, const std::vector<Transfer>& transfers, Collective collective)
      : state_(&state) {
    const bool moves = collective == Collective::all_to_all;
    state.next_round();
    for (const Transfer& t : transfers)
      for (const Rank c : t.chunks) {
        const RankSet held = state.at(t.from, c);
        payload_.insert(payload_.end(), held.begin(), held.end());
        state.sends(t.from, c);
        if (moves) std::fill(held.begin(), held.end(), 0);
      }
  }

  /// The next transfer of the list, in its order.
  Verdict apply(const Transfer& t, Collective collective) {
    if (t.chunks.empty()) return violation(t, -1, "a message without content");
    for (const Rank c : t.chunks) {
      const RankSet mine = state_->at(t.to, c);
      const ConstRankSet arriving(&payload_[next_], mine.size());
      next_ += mine.size();
      if (none_in(arriving)) return violation(t, c, "sent before anything was there");
      const bool once = collective != Collective::barrier;  // a barrier may hear twice of a rank
      Verdict verdict = adds(t, collective) ? add(t, c, arriving, once) : overwrite(t, c, arriving);
      if (!verdict.ok) return verdict;
    }
    return {};
  }

 private:
  Verdict add(const Transfer& t, Rank chunk, ConstRankSet arriving, bool once) {
    const RankSet mine = state_->at(t.to, chunk);
    if (once && intersect(arriving, mine))
      return violation(t, chunk, "a contribution counted twice");
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] |= arriving[i];
    return {};
  }

  Verdict overwrite(const Transfer& t, Rank chunk, ConstRankSet arriving) {
    if (!state_->writes(t.to, chunk)) return violation(t, chunk, "written twice in a round");
    if (state_->sending(t.to, chunk)) return violation(t, chunk, "overwritten while being sent");
    std::copy(arriving.begin(), arriving.end(), state_->at(t.to, chunk).begin());
    return {};
  }

  State* state_;
  std::vector<std::uint64_t> payload_;  ///< sets, one after the other
  std::size_t next_ = 0;
};

Verdict apply(State& state, const std::vector<Transfer>& transfers, Collective collective) {
  Delivery delivery(state, transfers, collective);
  for (const Transfer& t : transfers)
    if (Verdict verdict = delivery.apply(t, collective); !verdict.ok) return verdict;
  if (collective != Collective::all_to_all || transfers.empty()) return {};
  return state.has_room(transfers.front().round);
}

std::vector<Transfer> transfers_of(const Part& part,
                                   std::int64_t k,
                                   std::int64_t round,
                                   const Schedule& schedule) {
  std::vector<Transfer> all;
  for (Rank from = 0; from < schedule.ranks(); ++from)
    for (const Rank to : receivers(*part.exchange, k, from, schedule.extents))
      all.push_back({round,
                     from,
                     to,
                     chunks_between(*part.exchange, k, from, to, schedule.extents),
                     part.exchange->reduce});
  return all;
}

/// Transfers of repeat `i` of a round that touch the share around `middle`.
std::vector<Transfer> transfers_of(const Round& round,
                                   std::int64_t i,
                                   std::int64_t number,
                                   double middle,
                                   const Schedule& schedule) {
  std::vector<Transfer> all;
  for (const Part& part : round.parts) {
    if (middle < part.share.begin || middle >= part.share.end) continue;
    auto more = transfers_of(part, part.k + i, number, schedule);
    std::move(more.begin(), more.end(), std::back_inserter(all));
  }
  return all;
}

/// Runs the parts that cover the middle of a share that no lane divides further.
Verdict verify_share(const Schedule& schedule,
                     const std::vector<Round>& all,
                     double middle,
                     const Tamper& tamper) {
  State state(schedule.collective, schedule.ranks());
  std::int64_t number = 0;
  for (const Round& round : all)
    for (std::int64_t i = 0; i < round.repeat; ++i) {
      std::vector<Transfer> transfers = transfers_of(round, i, number++, middle, schedule);
      if (tamper) tamper(transfers);
      if (Verdict verdict = apply(state, transfers, schedule.collective); !verdict.ok)
        return verdict;
    }
  return state.finished();
}

}  // namespace

Verdict verify(const Schedule& schedule, const Tamper& tamper) {
  const std::vector<Round> all = rounds(schedule);
  std::set<double> cuts{0, 1};
  for (const Round& round : all)
    for (const Part& part : round.parts) cuts.insert({part.share.begin, part.share.end});
  for (auto cut = cuts.begin(); std::next(cut) != cuts.end(); ++cut) {
    const double middle = (*cut + *std::next(cut)) / 2;
    if (Verdict verdict = verify_share(schedule, all, middle, tamper); !verdict.ok) return verdict;
  }
  return {};
}

}  // namespace kernels
