#include "kernels/collective/fingerprint.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "kernels/collective/ranks.hpp"
#include "kernels/splitmix.hpp"
#include "topology/error.hpp"

namespace kernels {
namespace {

constexpr std::uint64_t prime = (std::uint64_t{1} << 61U) - 1;

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t sum = a + b;
  return sum >= prime ? sum - prime : sum;
}

std::uint64_t subtract(std::uint64_t a, std::uint64_t b) {
  return a >= b ? a - b : a + prime - b;
}

/// What a rank contributes to a chunk: not zero, so that a lost one shows.
std::uint64_t contribution(std::uint64_t seed, Rank rank, Rank chunk) {
  const std::uint64_t x =
      mix(mix(seed ^ static_cast<std::uint64_t>(chunk)) + static_cast<std::uint64_t>(rank));
  return x % (prime - 1) + 1;
}

/// A digit of the group with its place in a rank's number.
struct Digit {
  std::int64_t extent = 1;
  std::int64_t stride = 1;

  [[nodiscard]] std::int64_t of(Rank rank) const { return rank / stride % extent; }
};

/// One chunk at all ranks.
class Field {
 public:
  Field(const Schedule& schedule, Rank chunk, std::uint64_t seed)
      : schedule_(&schedule), chunk_(chunk), seed_(seed) {
    std::int64_t stride = 1;
    for (const std::int64_t extent : schedule.extents) {
      digits_.push_back({extent, stride});
      stride *= extent;
    }
    values_.resize(static_cast<std::size_t>(schedule.ranks()));
    next_.resize(values_.size());
    for (Rank r = 0; r < schedule.ranks(); ++r)
      if (holds(info(schedule.collective).from, r, chunk))
        at(values_, r) = contribution(seed, r, chunk);
  }

  /// All rounds, of each the parts that touch `share`.
  void run(const std::vector<Round>& all, double share) {
    for (const Round& round : all)
      for (std::int64_t i = 0; i < round.repeat; ++i) {
        next_ = values_;
        for (const Part& part : round.parts)
          if (part.share.begin <= share && share < part.share.end) run(*part.exchange, part.k + i);
        std::swap(values_, next_);
      }
  }

  [[nodiscard]] Verdict finished() const {
    const std::uint64_t wanted = promised();
    const Holder to = info(schedule_->collective).to;
    for (Rank r = 0; r < schedule_->ranks(); ++r)
      if (holds(to, r, chunk_) && values_[static_cast<std::size_t>(r)] != wanted)
        return {false, fmt::format("at the end, chunk {} of rank {} is not the sum", chunk_, r)};
    return {};
  }

 private:
  static std::uint64_t& at(std::vector<std::uint64_t>& values, Rank rank) {
    return values[static_cast<std::size_t>(rank)];
  }

  [[nodiscard]] std::uint64_t promised() const {
    const Holder from = info(schedule_->collective).from;
    std::uint64_t sum = 0;
    for (Rank r = 0; r < schedule_->ranks(); ++r)
      if (holds(from, r, chunk_)) sum = add(sum, contribution(seed_, r, chunk_));
    return sum;
  }

  void run(const Exchange& exchange, std::int64_t k) {
    if (exchange.to.every) return run_every(exchange, k);
    run_pairs(exchange, k);
  }

  /// Contributions to an all-to-all are kept apart, which as sums is the same as adding them.
  [[nodiscard]] bool adds(const Exchange& exchange) const {
    return exchange.reduce || schedule_->collective == Collective::all_to_all;
  }

  /// Does a message that a rank decides on alone carry the chunk?
  [[nodiscard]] bool carries(const Exchange& exchange, std::int64_t k, Rank anchor) const {
    for (std::size_t d = 0; d < digits_.size(); ++d) {
      const DigitRange& range = exchange.chunks[d];
      if (range.kind == DigitRange::Kind::all) continue;
      const Digit& digit = digits_[d];
      if (!contains(range, k, digit.of(chunk_), digit.of(anchor), digit.of(anchor), digit.extent))
        return false;
    }
    return true;
  }

  /// As far as one digit of the receiver decides: is there a message, and does it carry the chunk?
  [[nodiscard]] bool receives_at(const Exchange& exchange,
                                 std::int64_t k,
                                 std::size_t d,
                                 std::int64_t to) const {
    const auto& roots = exchange.at_root;
    if (to != 0 && std::find(roots.begin(), roots.end(), d) != roots.end()) return false;
    const std::int64_t extent = digits_[d].extent;
    const bool here = d == exchange.to.digits.front();
    const std::int64_t from = here ? exchange.to.at(k).inverse()(to, extent) : to;
    if (from == topology::DigitMap::none) return false;
    const DigitRange& range = exchange.chunks[d];
    const std::int64_t anchor = exchange.anchored_at_receiver ? to : from;
    const std::int64_t other = exchange.anchored_at_receiver ? from : to;
    return contains(range, k, digits_[d].of(chunk_), anchor, other, extent);
  }

  /// The same of all ranks, digit by digit: divisions for each of them would take most of the time.
  [[nodiscard]] std::vector<char> receivers(const Exchange& exchange, std::int64_t k) const {
    std::vector<char> all{1};
    for (std::size_t d = 0; d < digits_.size(); ++d) {
      std::vector<char> wider;
      wider.reserve(all.size() * static_cast<std::size_t>(digits_[d].extent));
      for (std::int64_t v = 0; v < digits_[d].extent; ++v)
        if (receives_at(exchange, k, d, v))
          wider.insert(wider.end(), all.begin(), all.end());
        else
          wider.resize(wider.size() + all.size());
      all = std::move(wider);
    }
    return all;
  }

  void run_pairs(const Exchange& exchange, std::int64_t k) {
    const Digit digit = digits_[exchange.to.digits.front()];
    const topology::DigitMap senders = exchange.to.at(k).inverse();
    const std::vector<char> receiving = receivers(exchange, k);
    const bool sums = adds(exchange);
    const Rank ranks = schedule_->ranks();
// For a few ranks threads would cost more than they do.
#pragma omp parallel for schedule(static) if (ranks > 4096)
    for (Rank to = 0; to < ranks; ++to) {
      if (receiving[static_cast<std::size_t>(to)] == 0) continue;
      const std::int64_t own = digit.of(to);
      const Rank from = to + (senders(own, digit.extent) - own) * digit.stride;
      const std::uint64_t value = at(values_, from);
      at(next_, to) = sums ? add(at(next_, to), value) : value;
    }
  }

  /// Everybody to everybody of a group: sums over the group less one's own. Whether a message
  /// carries the chunk depends on one of its ends alone, the one whose digit is the chunk's.
  void run_every(const Exchange& exchange, std::int64_t k) {
    const Rank ranks = schedule_->ranks();
    const bool by_sender = exchange.anchored_at_receiver;
    const auto takes_part = [&](Rank rank) { return carries(exchange, k, rank); };
    std::vector<std::uint64_t> sent(values_.size());
    for (Rank r = 0; r < ranks; ++r)
      if (!by_sender || takes_part(r)) at(sent, r) = at(values_, r);
    std::vector<std::uint64_t> sums = sent;
    for (const std::size_t d : exchange.to.digits) spread_sums(sums, digits_[d]);
    for (Rank r = 0; r < ranks; ++r) {
      if (!by_sender && !takes_part(r)) continue;
      const std::uint64_t arrived = subtract(at(sums, r), at(sent, r));
      if (adds(exchange))
        at(next_, r) = add(at(next_, r), arrived);
      else if (at(sent, r) == 0 && arrived != 0)  // else this rank is the one that sends
        at(next_, r) = arrived;
    }
  }

  void spread_sums(std::vector<std::uint64_t>& sums, const Digit& digit) const {
    for (Rank r = 0; r < schedule_->ranks(); ++r) {
      if (digit.of(r) != 0) continue;
      std::uint64_t sum = 0;
      for (std::int64_t v = 0; v < digit.extent; ++v)
        sum = add(sum, at(sums, r + v * digit.stride));
      for (std::int64_t v = 0; v < digit.extent; ++v) at(sums, r + v * digit.stride) = sum;
    }
  }

  const Schedule* schedule_;
  Rank chunk_;
  std::uint64_t seed_;
  std::vector<Digit> digits_;
  std::vector<std::uint64_t> values_;
  std::vector<std::uint64_t> next_;
};

/// Middles of the shares that no lane divides further.
std::vector<double> shares_of(const std::vector<Round>& all) {
  std::set<double> cuts{0, 1};
  for (const Round& round : all)
    for (const Part& part : round.parts) cuts.insert({part.share.begin, part.share.end});
  std::vector<double> middles;
  for (auto cut = cuts.begin(); std::next(cut) != cuts.end(); ++cut)
    middles.push_back((*cut + *std::next(cut)) / 2);
  return middles;
}

}  // namespace

Verdict verify_fingerprint(const Schedule& schedule, int samples, std::uint64_t seed) {
  if (schedule.collective == Collective::barrier)
    topology::usage_error("a barrier has no sum to take a fingerprint of");
  const std::vector<Round> all = rounds(schedule);
  const std::vector<double> shares = shares_of(all);
  for (int i = 0; i < samples; ++i) {
    const std::uint64_t draw = mix(seed + static_cast<std::uint64_t>(i));
    const auto chunk = static_cast<Rank>(draw % static_cast<std::uint64_t>(schedule.ranks()));
    Field field(schedule, chunk, seed);
    field.run(all, shares[static_cast<std::size_t>(i) % shares.size()]);
    if (Verdict verdict = field.finished(); !verdict.ok) return verdict;
  }
  return {};
}

}  // namespace kernels
