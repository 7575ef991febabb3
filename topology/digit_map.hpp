// A permutation of the members of one level: whom each member sends to.
#pragma once

#include <cstdint>

namespace topology {

struct DigitMap {
  enum class Kind {
    add,           ///< member + operand, around the ring
    exclusive_or,  ///< member ^ operand
    swing,         ///< even members + operand, odd ones - operand; operand odd, extent even
  };
  Kind kind = Kind::add;
  std::int64_t operand = 0;

  [[nodiscard]] constexpr std::int64_t operator()(std::int64_t member, std::int64_t extent) const {
    if (kind == Kind::exclusive_or) return member ^ operand;
    const bool back = kind == Kind::swing && member % 2 != 0;
    const std::int64_t moved = (member + (back ? -operand : operand)) % extent;
    return moved < 0 ? moved + extent : moved;
  }

  /// Swing and exclusive-or undo themselves.
  [[nodiscard]] constexpr DigitMap inverse() const {
    return kind == Kind::add ? DigitMap{kind, -operand} : *this;
  }
};

}  // namespace topology
