#include "kernels/collective/verify.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <set>

#include <fmt/format.h>

namespace kernels {
namespace {

/// A set of ranks, 64 to a word.
using RankSet = std::vector<std::uint64_t>;

void insert(RankSet& set, Rank r) {
  set[static_cast<std::size_t>(r) / 64] |= 1ULL << (static_cast<std::uint64_t>(r) % 64);
}

bool intersect(const RankSet& a, const RankSet& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if ((a[i] & b[i]) != 0) return true;
  return false;
}

Rank size(const RankSet& set) {
  Rank sum = 0;
  for (const std::uint64_t word : set) sum += std::popcount(word);
  return sum;
}

bool empty(const RankSet& set) {
  return std::all_of(set.begin(), set.end(), [](std::uint64_t word) { return word == 0; });
}

/// What arrived where. For an all-to-all, chunk c at rank r holds the blocks for c of the ranks in
/// the set: concatenation in place of the sum. Blocks that are sent are gone from the sender, whose
/// buffer has room for one of each rank.
class State {
 public:
  State(Collective collective, Rank ranks) : collective_(collective), ranks_(ranks) {
    const auto n = static_cast<std::size_t>(ranks);
    sets_.assign(n * n, RankSet(n / 64 + 1));
    for (Rank r = 0; r < ranks; ++r)
      for (Rank c = 0; c < ranks; ++c)
        if (holds(info(collective).from, r, c)) insert(at(r, c), r);
  }

  RankSet& at(Rank rank, Rank chunk) {
    return sets_[static_cast<std::size_t>(rank * ranks_ + chunk)];
  }

  /// Of an all-to-all: does each rank's buffer hold what it has?
  [[nodiscard]] Verdict has_room(std::int64_t round) {
    for (Rank r = 0; r < ranks_; ++r) {
      Rank blocks = 0;
      for (Rank c = 0; c < ranks_; ++c) blocks += size(at(r, c));
      if (blocks > ranks_)
        return {false,
                fmt::format(
                    "round {}, rank {}: {} blocks where {} have room", round, r, blocks, ranks_)};
    }
    return {};
  }

  [[nodiscard]] Verdict finished() {
    const CollectiveInfo& what = info(collective_);
    for (Rank c = 0; c < ranks_; ++c) {
      RankSet wanted(at(0, 0).size());  // all that there was of this chunk
      for (Rank r = 0; r < ranks_; ++r)
        if (holds(what.from, r, c)) insert(wanted, r);
      for (Rank r = 0; r < ranks_; ++r)
        if (holds(what.to, r, c) && at(r, c) != wanted)
          return {false, fmt::format("at the end, chunk {} of rank {} lacks contributions", c, r)};
    }
    return {};
  }

 private:
  Collective collective_;
  Rank ranks_;
  std::vector<RankSet> sets_;
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
    for (const Transfer& t : transfers)
      for (const Rank c : t.chunks) {
        RankSet& held = state.at(t.from, c);
        payload_.push_back(held);
        sent_.emplace(t.from, c);
        if (moves) held.assign(held.size(), 0);
      }
  }

  /// The next transfer of the list, in its order.
  Verdict apply(const Transfer& t, Collective collective) {
    if (t.chunks.empty()) return violation(t, -1, "a message without content");
    for (const Rank c : t.chunks) {
      const RankSet& arriving = payload_[next_++];
      if (empty(arriving)) return violation(t, c, "sent before anything was there");
      const bool once = collective != Collective::barrier;  // a barrier may hear twice of a rank
      Verdict verdict = adds(t, collective) ? add(t, c, arriving, once) : overwrite(t, c, arriving);
      if (!verdict.ok) return verdict;
    }
    return {};
  }

 private:
  Verdict add(const Transfer& t, Rank chunk, const RankSet& arriving, bool once) {
    RankSet& mine = state_->at(t.to, chunk);
    if (once && intersect(arriving, mine))
      return violation(t, chunk, "a contribution counted twice");
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i] |= arriving[i];
    return {};
  }

  Verdict overwrite(const Transfer& t, Rank chunk, const RankSet& arriving) {
    if (!overwritten_.emplace(t.to, chunk).second)
      return violation(t, chunk, "written twice in a round");
    if (sent_.contains({t.to, chunk})) return violation(t, chunk, "overwritten while being sent");
    state_->at(t.to, chunk) = arriving;
    return {};
  }

  State* state_;
  std::vector<RankSet> payload_;
  std::size_t next_ = 0;
  std::set<std::pair<Rank, Rank>> sent_;
  std::set<std::pair<Rank, Rank>> overwritten_;
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
    const auto more = transfers_of(part, part.k + i, number, schedule);
    all.insert(all.end(), more.begin(), more.end());
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
