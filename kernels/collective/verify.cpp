#include "kernels/collective/verify.hpp"

#include <algorithm>
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

bool empty(const RankSet& set) {
  return std::all_of(set.begin(), set.end(), [](std::uint64_t word) { return word == 0; });
}

/// What arrived where. For an all-to-all, chunk c at rank r holds the blocks for c of the ranks in
/// the set: concatenation in place of the sum, and the same bookkeeping.
class State {
 public:
  State(Collective collective, Rank ranks) : collective_(collective), ranks_(ranks) {
    const auto n = static_cast<std::size_t>(ranks);
    sets_.assign(n * n, RankSet(n / 64 + 1));
    for (Rank r = 0; r < ranks; ++r)
      for (Rank c = 0; c < ranks; ++c)
        if (collective != Collective::all_gather || c == r) insert(at(r, c), r);
  }

  RankSet& at(Rank rank, Rank chunk) {
    return sets_[static_cast<std::size_t>(rank * ranks_ + chunk)];
  }

  [[nodiscard]] Verdict finished() {
    RankSet everyone(at(0, 0).size());
    for (Rank r = 0; r < ranks_; ++r) insert(everyone, r);
    for (Rank r = 0; r < ranks_; ++r)
      for (Rank c = 0; c < ranks_; ++c) {
        if (scattered() && c != r) continue;
        RankSet wanted = everyone;
        if (collective_ == Collective::all_gather) {
          wanted.assign(wanted.size(), 0);
          insert(wanted, c);
        }
        if (at(r, c) != wanted)
          return {false, fmt::format("at the end, chunk {} of rank {} lacks contributions", c, r)};
      }
    return {};
  }

 private:
  [[nodiscard]] bool scattered() const {
    return collective_ == Collective::reduce_scatter || collective_ == Collective::all_to_all;
  }

  Collective collective_;
  Rank ranks_;
  std::vector<RankSet> sets_;
};

Verdict violation(const Transfer& t, Rank chunk, const char* what) {
  return {false,
          fmt::format("round {}, rank {} to {}, chunk {}: {}", t.round, t.from, t.to, chunk, what)};
}

/// Contributions never leave a sender's buffer in an all-to-all, so they add up like reductions.
bool adds(const Transfer& t, Collective collective) {
  return t.reduce || collective == Collective::all_to_all;
}

Verdict apply(State& state, const std::vector<Transfer>& transfers, Collective collective) {
  std::vector<RankSet> payload;  // read before anything is written
  std::set<std::pair<Rank, Rank>> sent;
  for (const Transfer& t : transfers)
    for (const Rank c : t.chunks) {
      payload.push_back(state.at(t.from, c));
      sent.emplace(t.from, c);
    }
  std::set<std::pair<Rank, Rank>> overwritten;
  std::size_t next = 0;
  for (const Transfer& t : transfers) {
    if (t.chunks.empty()) return violation(t, -1, "a message without content");
    for (const Rank c : t.chunks) {
      const RankSet& arriving = payload[next++];
      RankSet& mine = state.at(t.to, c);
      if (empty(arriving)) return violation(t, c, "sent before anything was there");
      if (adds(t, collective)) {
        if (intersect(arriving, mine)) return violation(t, c, "a contribution counted twice");
        for (std::size_t i = 0; i < mine.size(); ++i) mine[i] |= arriving[i];
        continue;
      }
      if (!overwritten.emplace(t.to, c).second) return violation(t, c, "written twice in a round");
      if (sent.count({t.to, c}) != 0) return violation(t, c, "overwritten while being sent");
      mine = arriving;
    }
  }
  return {};
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

/// Runs the parts that cover the middle of [begin, end), a share that no lane divides further.
Verdict verify_share(const Schedule& schedule,
                     const std::vector<Round>& all,
                     double middle,
                     const Tamper& tamper) {
  State state(schedule.collective, schedule.ranks());
  std::int64_t number = 0;
  for (const Round& round : all)
    for (std::int64_t i = 0; i < round.repeat; ++i, ++number) {
      std::vector<Transfer> transfers;
      for (const Part& part : round.parts) {
        if (middle < part.share.begin || middle >= part.share.end) continue;
        const auto more = transfers_of(part, part.k + i, number, schedule);
        transfers.insert(transfers.end(), more.begin(), more.end());
      }
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
