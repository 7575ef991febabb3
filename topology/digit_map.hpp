// A permutation of the members of one level: whom each member sends to.
#pragma once

#include <cstdint>

namespace topology {

struct DigitMap {
  enum class Kind {
    add,           ///< member + operand, around the ring
    exclusive_or,  ///< member ^ operand
    swing,         ///< even members + operand, odd ones - operand; operand odd, extent even
    place,         ///< the digit to `base` at the place worth `unit` + operand; unit base divides
  };
  Kind kind = Kind::add;
  std::int64_t operand = 0;
  std::int64_t unit = 1;
  std::int64_t base = 1;

  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t member, std::int64_t extent) const {
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
    return {kind, undoes_itself ? operand : -operand, unit, base};
  }
};

}  // namespace topology
