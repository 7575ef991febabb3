// Whom each member of a level sends to: a permutation, or a list of pairs where some keep out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace topology {

/// Some members of a level, each with one other; nobody is in two pairs at the same end.
class Pairing {
 public:
  using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

  /// @param sends (sender, receiver)
  explicit Pairing(Pairs sends) : by_sender_(std::move(sends)) {
    for (const auto& [from, to] : by_sender_) by_receiver_.emplace_back(to, from);
    std::sort(by_sender_.begin(), by_sender_.end());
    std::sort(by_receiver_.begin(), by_receiver_.end());
  }

  /// (sender, receiver); with `reversed` the messages go the other way.
  [[nodiscard]] const Pairs& pairs(bool reversed) const {
    return reversed ? by_receiver_ : by_sender_;
  }

 private:
  Pairs by_sender_;
  Pairs by_receiver_;
};

struct DigitMap {
  enum class Kind {
    add,           ///< member + operand, around the ring
    exclusive_or,  ///< member ^ operand
    swing,         ///< even members + operand, odd ones - operand; operand odd, extent even
    place,         ///< the digit to `base` at the place worth `unit` + operand; unit base divides
    pairs,         ///< as listed; `none` for a member that keeps out
  };
  static constexpr std::int64_t none = -1;

  Kind kind = Kind::add;
  std::int64_t operand = 0;
  std::int64_t unit = 1;
  std::int64_t base = 1;
  const Pairing* pairing = nullptr;
  bool reversed = false;  ///< of the pairing

  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t member, std::int64_t extent) const {
    if (kind == Kind::pairs) return partner_of(member);
    if (kind == Kind::exclusive_or) return member ^ operand;
    if (kind == Kind::place) {
      const std::int64_t digit = member / unit % base;
      const std::int64_t turned = ((digit + operand) % base + base) % base;
      return member + (turned - digit) * unit;
    }
    const bool back = kind == Kind::swing && member % 2 != 0;
    const std::int64_t moved = (member + (back ? -operand : operand)) % extent;
    return moved < 0 ? moved + extent : moved;
  }

  /// Swing and exclusive-or undo themselves.
  [[nodiscard]] constexpr DigitMap inverse() const {
    const bool undoes_itself = kind == Kind::exclusive_or || kind == Kind::swing;
    return {kind, undoes_itself ? operand : -operand, unit, base, pairing, !reversed};
  }

 private:
  [[nodiscard]] std::int64_t partner_of(std::int64_t member) const {
    const Pairing::Pairs& all = pairing->pairs(reversed);
    const auto at = std::lower_bound(all.begin(), all.end(), std::pair(member, std::int64_t{0}));
    return at != all.end() && at->first == member ? at->second : none;
  }
};

}  // namespace topology
