// The upper half of an IEEE 754 single: 8 bits of exponent, 7 of fraction. Storage only; arithmetic
// is done in float.
#pragma once

#include <bit>
#include <cstdint>

namespace kernels {

struct BFloat16 {
  std::uint16_t bits = 0;

  constexpr BFloat16() = default;

  /// Rounds to nearest, ties to even, as the hardware does. Adding half a unit may carry into the
  /// exponent, which is right: the largest values become infinity. A NaN keeps its sign and upper
  /// payload and is made quiet; rounding could otherwise carry it over to -0.
  constexpr explicit BFloat16(float value) {
    const auto word = std::bit_cast<std::uint32_t>(value);
    const bool nan = (word & 0x7fffffffU) > 0x7f800000U;
    const std::uint32_t half_and_tie = 0x7fffU + ((word >> 16U) & 1U);
    bits = static_cast<std::uint16_t>(nan ? (word >> 16U) | 0x40U : (word + half_and_tie) >> 16U);
  }

  /// Exact.
  [[nodiscard]] constexpr explicit operator float() const {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16U);
  }

  /// Of the bits: NaN equals itself and +0 differs from -0, which is what tests of data want.
  friend constexpr bool operator==(BFloat16, BFloat16) = default;
};

static_assert(sizeof(BFloat16) == 2);

}  // namespace kernels
