// Operands of blocked matmuls, and what is expected of the products: within their error bound of
// the reference, exact on integers, the same bits in every layout.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include <gtest/gtest.h>

#include "kernels/matmul/blocked.hpp"
#include "kernels/matmul/elements.hpp"
#include "kernels/matmul/reference.hpp"
#include "kernels/matmul/scratch.hpp"
#include "kernels/matmul/weights.hpp"

namespace fixtures {

using kernels::Bf16;
using kernels::BFloat16;
using kernels::F32;
using kernels::F64;
using kernels::Gemm;
using kernels::I8;
using topology::DataType;

template <class T>
Gemm gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {.m = m, .n = n, .k = k, .type = T::type};
}

/// bf16 is made from float only.
template <class Element, class Number>
auto as(Number number) {
  if constexpr (std::is_same_v<Element, BFloat16>)
    return static_cast<float>(number);
  else
    return static_cast<Element>(number);
}

template <class Element, class Distribution>
std::vector<Element> filled(std::int64_t size, unsigned seed, Distribution distribution) {
  std::mt19937 generator(seed);
  std::vector<Element> values(static_cast<std::size_t>(size));
  for (Element& value : values) value = static_cast<Element>(as<Element>(distribution(generator)));
  return values;
}

inline double magnitude(double value) {
  return std::fabs(value);
}

inline BFloat16 magnitude(BFloat16 value) {
  return BFloat16(std::fabs(static_cast<float>(value)));
}

template <class Element>
std::vector<Element> magnitudes(std::vector<Element> values) {
  for (Element& value : values) value = static_cast<Element>(magnitude(value));
  return values;
}

template <class T>
struct Operands {
  Gemm shape;
  std::vector<typename T::A> a;
  std::vector<typename T::B> b;
  kernels::Layout layout;

  [[nodiscard]] std::size_t results() const {
    return static_cast<std::size_t>(layout.batch * shape.m * shape.n);
  }

  [[nodiscard]] std::vector<typename T::C> blocked(int threads) const {
    // NaN in C: whatever is not overwritten, or is added to, shows.
    using C = typename T::C;
    const C junk = std::is_integral_v<C> ? C(77'777'777) : std::numeric_limits<C>::quiet_NaN();
    std::vector<C> c(results(), junk);
    kernels::multiply(shape, a, b, c, threads, layout);
    return c;
  }

  [[nodiscard]] std::vector<typename T::C> reference() const {
    std::vector<typename T::C> c(results());
    kernels::multiply_reference(shape, a, b, c, layout);
    return c;
  }

  [[nodiscard]] Operands absolute() const { return {shape, magnitudes(a), magnitudes(b), layout}; }
};

template <class T>
Operands<T> reals(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::uniform_real_distribution<float> unit(-1, 1);
  return {gemm<T>(m, n, k),
          filled<typename T::A>(m * k, 1, unit),
          filled<typename T::B>(k * n, 2, unit),
          {}};
}

/// Sums are exact: they stay below 2^24 in float.
template <class T>
Operands<T> integers(std::int64_t m, std::int64_t n, std::int64_t k) {
  const std::uniform_int_distribution<int> small(-8, 8);
  return {gemm<T>(m, n, k),
          filled<typename T::A>(m * k, 3, small),
          filled<typename T::B>(k * n, 4, small),
          {}};
}

/// All that the bytes can be.
template <>
inline Operands<I8> integers<I8>(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {gemm<I8>(m, n, k),
          filled<std::uint8_t>(m * k, 3, std::uniform_int_distribution<int>(0, 255)),
          filled<std::int8_t>(k * n, 4, std::uniform_int_distribution<int>(-128, 127)),
          {}};
}

/// Bytes of A up to 127, which units take another way where that saves instructions.
inline Operands<I8> reduced(Operands<I8> operands) {
  for (std::uint8_t& byte : operands.a) byte /= 2;
  return operands;
}

inline std::string text(const Gemm& s, int threads) {
  return std::to_string(s.m) + " x " + std::to_string(s.n) + " x " + std::to_string(s.k) + ", " +
         std::to_string(threads) + " threads, " + topology::name(s.type) + ", " +
         kernels::simd_target(s.type);
}

/// Any order of k additions with or without FMA errs by at most k u sum|a||b| to first order
/// (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1); one u more for the
/// reference's own rounding.
template <class T>
void expect_close(const Operands<T>& operands, int threads) {
  using C = typename T::C;
  const std::vector<C> c = operands.blocked(threads);
  const std::vector<C> reference = operands.reference();
  const std::vector<C> scale = operands.absolute().reference();
  constexpr C u = std::numeric_limits<C>::epsilon() / 2;
  const auto terms = static_cast<C>(operands.shape.k + 1);
  for (std::size_t i = 0; i < c.size(); ++i)
    ASSERT_LE(std::fabs(c[i] - reference[i]), terms * u * scale[i])
        << "element " << i << " of " << text(operands.shape, threads);
}

template <class T>
void expect_exact(const Operands<T>& operands, int threads) {
  ASSERT_EQ(operands.blocked(threads), operands.reference()) << text(operands.shape, threads);
}

/// Of packed weights, too, also where k is summed in several blocks.
template <class T>
void expect_same_packed(const Operands<T>& operands, int threads) {
  const kernels::Weights<typename T::A, typename T::B, typename T::C> weights(operands.shape,
                                                                              operands.b);
  std::vector<typename T::C> c(static_cast<std::size_t>(operands.shape.m * operands.shape.n));
  weights.multiply(operands.shape, operands.a, c, threads);
  ASSERT_EQ(c, operands.blocked(1)) << "packed, " << text(operands.shape, threads);
}

template <class Element>
std::vector<Element> turned(const std::vector<Element>& values,
                            std::int64_t rows,
                            std::int64_t cols) {
  std::vector<Element> turned;
  for (std::int64_t j = 0; j < cols; ++j)
    for (std::int64_t i = 0; i < rows; ++i)
      turned.push_back(values[static_cast<std::size_t>(i * cols + j)]);
  return turned;
}

/// However A and B lie, by either kernel and with packed weights: the same bits.
template <class T>
void expect_same_in_any_layout(const Operands<T>& plain, int threads) {
  const Gemm& s = plain.shape;
  const auto expected = plain.blocked(1);
  for (const bool a_transposed : {false, true})
    for (const bool b_transposed : {false, true}) {
      const Operands<T> operands{s,
                                 a_transposed ? turned(plain.a, s.m, s.k) : plain.a,
                                 b_transposed ? turned(plain.b, s.k, s.n) : plain.b,
                                 {a_transposed, b_transposed}};
      ASSERT_EQ(operands.blocked(threads), expected)
          << a_transposed << b_transposed << ' ' << text(s, threads);
      ASSERT_EQ(operands.reference(), plain.reference()) << a_transposed << b_transposed;
      if (a_transposed) continue;
      const kernels::Weights<typename T::A, typename T::B, typename T::C> weights(
          s, operands.b, b_transposed);
      std::vector<typename T::C> c(expected.size());
      weights.multiply(s, plain.a, c, threads);
      ASSERT_EQ(c, expected) << "packed " << b_transposed << ' ' << text(s, threads);
    }
}

}  // namespace fixtures
