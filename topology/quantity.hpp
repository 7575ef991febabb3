// Quantities with units in their type: a dimension is five integers, a quantity is a double in base
// units (byte, second, flop, joule, US dollar). Only + - <=> within a dimension, * / across,
// explicit in and out. Compiles to the arithmetic of raw doubles.
#pragma once

#include <compare>

namespace topology {

struct Dimension {
  int byte = 0;
  int second = 0;
  int flop = 0;
  int joule = 0;
  int dollar = 0;

  friend constexpr bool operator==(const Dimension&, const Dimension&) = default;

  friend constexpr Dimension operator+(Dimension a, Dimension b) {
    return {a.byte + b.byte,
            a.second + b.second,
            a.flop + b.flop,
            a.joule + b.joule,
            a.dollar + b.dollar};
  }

  friend constexpr Dimension operator-(Dimension a, Dimension b) {
    return {a.byte - b.byte,
            a.second - b.second,
            a.flop - b.flop,
            a.joule - b.joule,
            a.dollar - b.dollar};
  }
};

template <Dimension D>
class Quantity {
 public:
  constexpr Quantity() = default;

  constexpr explicit Quantity(double in_base_units) : value_(in_base_units) {}

  [[nodiscard]] constexpr double value() const { return value_; }

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes a defaulted <=> for a 0
  friend constexpr auto operator<=>(Quantity, Quantity) = default;

  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    return Quantity(a.value_ + b.value_);
  }

  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value_ - b.value_);
  }

  friend constexpr Quantity operator*(Quantity a, double s) { return Quantity(a.value_ * s); }

  friend constexpr Quantity operator*(double s, Quantity a) { return Quantity(s * a.value_); }

  friend constexpr Quantity operator/(Quantity a, double s) { return Quantity(a.value_ / s); }

  constexpr Quantity& operator+=(Quantity b) { return *this = *this + b; }

 private:
  double value_ = 0;
};

/// A quotient of like quantities is a plain number.
template <Dimension A, Dimension B>
constexpr auto operator/(Quantity<A> a, Quantity<B> b) {
  if constexpr (A == B)
    return a.value() / b.value();
  else
    return Quantity<A - B>(a.value() / b.value());
}

template <Dimension A, Dimension B>
constexpr auto operator*(Quantity<A> a, Quantity<B> b) {
  if constexpr (A + B == Dimension{})
    return a.value() * b.value();
  else
    return Quantity<A + B>(a.value() * b.value());
}

using Bytes = Quantity<Dimension{.byte = 1}>;
using Seconds = Quantity<Dimension{.second = 1}>;
using Flops = Quantity<Dimension{.flop = 1}>;
using Joules = Quantity<Dimension{.joule = 1}>;
using Hertz = Quantity<Dimension{.second = -1}>;
using BytesPerSecond = Quantity<Dimension{.byte = 1, .second = -1}>;
using FlopsPerSecond = Quantity<Dimension{.second = -1, .flop = 1}>;
using FlopsPerByte = Quantity<Dimension{.byte = -1, .flop = 1}>;
using Watts = Quantity<Dimension{.second = -1, .joule = 1}>;
using DollarsPerSecond = Quantity<Dimension{.second = -1, .dollar = 1}>;

namespace literals {
// clang-format off
constexpr Bytes operator""_B(unsigned long long v) { return Bytes(static_cast<double>(v)); }
constexpr Bytes operator""_KiB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1024.0); }
constexpr Bytes operator""_MiB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1048576.0); }
constexpr Bytes operator""_GiB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1073741824.0); }
constexpr Bytes operator""_GB(unsigned long long v) { return Bytes(static_cast<double>(v) * 1e9); }
constexpr Seconds operator""_us(long double v) { return Seconds(static_cast<double>(v) * 1e-6); }
constexpr Seconds operator""_us(unsigned long long v) { return Seconds(static_cast<double>(v) * 1e-6); }
constexpr BytesPerSecond operator""_GBps(unsigned long long v) { return BytesPerSecond(static_cast<double>(v) * 1e9); }
constexpr FlopsPerSecond operator""_TFLOPs(long double v) { return FlopsPerSecond(static_cast<double>(v) * 1e12); }

// clang-format on
}  // namespace literals

}  // namespace topology
