#include "kernels/matmul/bfloat16.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace {

using kernels::BFloat16;

float of_bits(std::uint32_t bits) {
  return std::bit_cast<float>(bits);
}

/// Rounds on the value, not on the bits: scale the significand to 8 bits and let the FPU's default
/// mode round to an integer. Subnormals share the smallest exponent; 2^128 overflows.
float rounded(float value) {
  if (!std::isfinite(value) || value == 0) return value;
  const int exponent = std::max(std::ilogb(value), -126) - 7;
  const double scaled = std::nearbyint(std::ldexp(static_cast<double>(value), -exponent));
  const double result = std::ldexp(scaled, exponent);
  return std::fabs(result) >= std::ldexp(1.0, 128)
             ? std::copysign(std::numeric_limits<float>::infinity(), value)
             : static_cast<float>(result);
}

TEST(BFloat16, AgreesWithRoundingByValue) {
  // A prime stride visits all exponents and some million fractions; then every tie and its
  // neighbours.
  for (std::uint64_t bits = 0; bits <= 0xffffffffU; bits += 4099) {
    const float value = of_bits(static_cast<std::uint32_t>(bits));
    if (std::isnan(value)) continue;
    ASSERT_EQ(std::bit_cast<std::uint32_t>(static_cast<float>(BFloat16(value))),
              std::bit_cast<std::uint32_t>(rounded(value)))
        << std::hexfloat << value;
  }
}

TEST(BFloat16, RoundsTiesToEven) {
  for (std::uint32_t upper = 0; upper < 0x10000U; ++upper)
    for (const std::uint32_t lower : {0x7fffU, 0x8000U, 0x8001U}) {
      const float value = of_bits((upper << 16U) | lower);
      if (std::isnan(value)) continue;
      ASSERT_EQ(std::bit_cast<std::uint32_t>(static_cast<float>(BFloat16(value))),
                std::bit_cast<std::uint32_t>(rounded(value)))
          << std::hexfloat << value;
    }
}

TEST(BFloat16, KeepsEveryBFloat16) {
  for (std::uint32_t upper = 0; upper < 0x10000U; ++upper) {
    const float value = of_bits(upper << 16U);
    if (!std::isnan(value)) {
      ASSERT_EQ(BFloat16(value).bits, upper);
    }
  }
}

TEST(BFloat16, KeepsNaNAndItsSign) {
  // 0x7fffffff would carry to -0 and 0x7f800001 be cut to infinity without care.
  for (const std::uint32_t bits :
       {0x7f800001U, 0x7fc00000U, 0x7fffffffU, 0xff800001U, 0xffffffffU}) {
    const auto converted = static_cast<float>(BFloat16(of_bits(bits)));
    EXPECT_TRUE(std::isnan(converted)) << std::hex << bits;
    EXPECT_EQ(std::signbit(converted), std::signbit(of_bits(bits)));
  }
}

TEST(BFloat16, OverflowsToInfinity) {
  EXPECT_TRUE(std::isinf(static_cast<float>(BFloat16(std::numeric_limits<float>::max()))));
  EXPECT_EQ(static_cast<float>(BFloat16(of_bits(0x7f7f7fffU))), of_bits(0x7f7f0000U));
}

}  // namespace
