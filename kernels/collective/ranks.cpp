#include "kernels/collective/ranks.hpp"

#include <algorithm>

namespace kernels {
namespace {

using Digits = std::vector<std::int64_t>;

std::int64_t modulo(std::int64_t value, std::int64_t n) {
  return ((value % n) + n) % n;
}

std::uint32_t label(std::int64_t offset, bool gray) {
  const auto v = static_cast<std::uint32_t>(offset);
  return gray ? v ^ (v >> 1U) : v;
}

/// All ranks that differ from `rank` in the given digits and only there.
std::vector<Rank> all_others(Rank rank,
                             const std::vector<std::size_t>& list,
                             const Digits& extents) {
  std::vector<Digits> reached{digits_of(rank, extents)};
  for (const std::size_t d : list) {
    std::vector<Digits> wider;
    for (Digits digits : reached)
      for (digits[d] = 0; digits[d] < extents[d]; ++digits[d]) wider.push_back(digits);
    reached = wider;
  }
  std::vector<Rank> others;
  for (const Digits& digits : reached)
    if (const Rank r = rank_of(digits, extents); r != rank) others.push_back(r);
  return others;
}

std::vector<Rank> partners(const Partner& to,
                           topology::DigitMap map,
                           Rank rank,
                           const Digits& extents) {
  if (to.every) return all_others(rank, to.digits, extents);
  const std::size_t d = to.digits.front();
  Digits digits = digits_of(rank, extents);
  digits[d] = map(digits[d], extents[d]);
  if (digits[d] == topology::DigitMap::none) return {};
  return {rank_of(digits, extents)};
}

/// Ranks off the root in a digit that an exchange reserves for it keep out.
bool takes_part(const Exchange& exchange, Rank rank, const Digits& extents) {
  const Digits digits = digits_of(rank, extents);
  return std::all_of(exchange.at_root.begin(), exchange.at_root.end(), [&](std::size_t d) {
    return digits[d] == 0;
  });
}

}  // namespace

bool contains(const Range& range,
              std::int64_t k,
              std::int64_t value,
              std::int64_t anchor,
              std::int64_t other,
              std::int64_t extent) {
  switch (range.kind) {
    case Range::Kind::all:
      return true;
    case Range::Kind::from:
      return value == modulo(anchor + range.start.at(k), extent);
    case Range::Kind::other:
      return value == other;
    case Range::Kind::offsets:
    case Range::Kind::swung: {
      const bool back = range.kind == Range::Kind::swung && anchor % 2 != 0;
      const std::int64_t ahead = back ? anchor - value : value - anchor;
      const auto& set = *range.offsets;
      return std::find(set.begin(), set.end(), modulo(ahead, extent)) != set.end();
    }
    case Range::Kind::span:
      return value >= anchor && value < anchor + range.length;
    case Range::Kind::congruent:
      return modulo(value - anchor, range.modulus) == 0;
    case Range::Kind::cube:
      return (label(value ^ anchor, range.gray) & range.mask) == range.value;
  }
  return false;
}

Digits digits_of(Rank rank, const Digits& extents) {
  Digits digits;
  for (const std::int64_t n : extents) {
    digits.push_back(rank % n);
    rank /= n;
  }
  return digits;
}

Rank rank_of(const Digits& digits, const Digits& extents) {
  Rank rank = 0;
  for (std::size_t d = extents.size(); d-- > 0;) rank = rank * extents[d] + digits[d];
  return rank;
}

std::vector<Rank> receivers(const Exchange& exchange,
                            std::int64_t k,
                            Rank rank,
                            const Digits& extents) {
  if (!takes_part(exchange, rank, extents)) return {};
  return partners(exchange.to, exchange.to.at(k), rank, extents);
}

std::vector<Rank> senders(const Exchange& exchange,
                          std::int64_t k,
                          Rank rank,
                          const Digits& extents) {
  if (!takes_part(exchange, rank, extents)) return {};
  return partners(exchange.to, exchange.to.at(k).inverse(), rank, extents);
}

std::vector<Rank> chunks_between(
    const Exchange& exchange, std::int64_t k, Rank from, Rank to, const Digits& extents) {
  const Digits sender = digits_of(from, extents);
  const Digits receiver = digits_of(to, extents);
  const Digits& anchor = exchange.anchored_at_receiver ? receiver : sender;
  const Digits& other = exchange.anchored_at_receiver ? sender : receiver;
  std::vector<Rank> chunks{0};
  for (std::size_t d = extents.size(); d-- > 0;) {
    std::vector<Rank> wider;
    for (const Rank upper : chunks)
      for (std::int64_t v = 0; v < extents[d]; ++v)
        if (contains(exchange.chunks[d], k, v, anchor[d], other[d], extents[d]))
          wider.push_back(upper * extents[d] + v);
    chunks = wider;
  }
  return chunks;
}

}  // namespace kernels
