#include "kernels/collective/ranks.hpp"

#include <algorithm>

namespace kernels {
namespace {

using Values = std::vector<std::int64_t>;

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
                             const Values& extents) {
  std::vector<Values> reached{digits_of(rank, extents)};
  for (const std::size_t d : list) {
    std::vector<Values> wider;
    for (Values digits : reached)
      for (digits[d] = 0; digits[d] < extents[d]; ++digits[d]) wider.push_back(digits);
    reached = wider;
  }
  std::vector<Rank> others;
  for (const Values& digits : reached)
    if (const Rank r = rank_of(digits, extents); r != rank) others.push_back(r);
  return others;
}

std::vector<Rank> partners(const Partner& to,
                           topology::DigitMap map,
                           Rank rank,
                           const Values& extents) {
  if (to.every) return all_others(rank, to.digits, extents);
  const std::size_t d = to.digits.front();
  Values digits = digits_of(rank, extents);
  digits[d] = map(digits[d], extents[d]);
  if (digits[d] == topology::DigitMap::none) return {};
  return {rank_of(digits, extents)};
}

/// Ranks off the root in a digit that an exchange reserves for it keep out.
bool takes_part(const Exchange& exchange, Rank rank, const Values& extents) {
  const Values digits = digits_of(rank, extents);
  return std::all_of(exchange.at_root.begin(), exchange.at_root.end(), [&](std::size_t d) {
    return digits[d] == 0;
  });
}

}  // namespace

bool contains(const DigitRange& range,
              std::int64_t k,
              std::int64_t value,
              std::int64_t anchor,
              std::int64_t other,
              std::int64_t extent) {
  switch (range.kind) {
    case DigitRange::Kind::all:
      return true;
    case DigitRange::Kind::from:
      return value == modulo(anchor + range.start.at(k), extent);
    case DigitRange::Kind::other:
      return value == other;
    case DigitRange::Kind::offsets:
    case DigitRange::Kind::swung: {
      const bool back = range.kind == DigitRange::Kind::swung && anchor % 2 != 0;
      const std::int64_t ahead = back ? anchor - value : value - anchor;
      const auto& set = *range.offsets;
      return std::find(set.begin(), set.end(), modulo(ahead, extent)) != set.end();
    }
    case DigitRange::Kind::span:
      return value >= anchor && value < anchor + range.length;
    case DigitRange::Kind::congruent:
      return modulo(value - anchor, range.modulus) == 0;
    case DigitRange::Kind::cube:
      return (label(value ^ anchor, range.gray) & range.mask) == range.value;
  }
  return false;
}

Values digits_of(Rank rank, const Values& extents) {
  Values digits;
  for (const std::int64_t n : extents) {
    digits.push_back(rank % n);
    rank /= n;
  }
  return digits;
}

Rank rank_of(const Values& digits, const Values& extents) {
  Rank rank = 0;
  for (std::size_t d = extents.size(); d-- > 0;) rank = rank * extents[d] + digits[d];
  return rank;
}

std::vector<Rank> receivers(const Exchange& exchange,
                            std::int64_t k,
                            Rank rank,
                            const Values& extents) {
  if (!takes_part(exchange, rank, extents)) return {};
  return partners(exchange.to, exchange.to.at(k), rank, extents);
}

std::vector<Rank> senders(const Exchange& exchange,
                          std::int64_t k,
                          Rank rank,
                          const Values& extents) {
  if (!takes_part(exchange, rank, extents)) return {};
  return partners(exchange.to, exchange.to.at(k).inverse(), rank, extents);
}

namespace {

/// Of one digit of the chunks, whatever those above it are.
Values values_of(const DigitRange& range,
                 std::int64_t k,
                 std::int64_t anchor,
                 std::int64_t other,
                 std::int64_t extent) {
  if (range.kind == DigitRange::Kind::from)  // one, and the most frequent kind
    return {modulo(anchor + range.start.at(k), extent)};
  Values held;
  for (std::int64_t v = 0; v < extent; ++v)
    if (contains(range, k, v, anchor, other, extent)) held.push_back(v);
  return held;
}

}  // namespace

std::vector<Rank> chunks_between(
    const Exchange& exchange, std::int64_t k, Rank from, Rank to, const Values& extents) {
  const Values sender = digits_of(from, extents);
  const Values receiver = digits_of(to, extents);
  const Values& anchor = exchange.anchored_at_receiver ? receiver : sender;
  const Values& other = exchange.anchored_at_receiver ? sender : receiver;
  std::vector<Rank> chunks{0};
  std::vector<Rank> wider;
  for (std::size_t d = extents.size(); d-- > 0;) {
    const Values held = values_of(exchange.chunks[d], k, anchor[d], other[d], extents[d]);
    wider.clear();
    wider.reserve(chunks.size() * held.size());
    for (const Rank upper : chunks)
      for (const std::int64_t v : held) wider.push_back(upper * extents[d] + v);
    chunks.swap(wider);
  }
  return chunks;
}

}  // namespace kernels
