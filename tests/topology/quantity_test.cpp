// Units are held by the compiler: what must not compile is asked of it here.
#include "topology/quantity.hpp"

#include <type_traits>

#include <gtest/gtest.h>

namespace {

using namespace topology::literals;  // NOLINT(google-build-using-namespace): the way to literals
using topology::Bytes;
using topology::BytesPerSecond;
using topology::DollarsPerSecond;
using topology::Flops;
using topology::FlopsPerByte;
using topology::FlopsPerSecond;
using topology::Hertz;
using topology::Joules;
using topology::Seconds;
using topology::Watts;

template <class A, class B>
concept Addable = requires(A a, B b) {
  a + b;
};

template <class A, class B>
concept Subtractable = requires(A a, B b) {
  a - b;
};

template <class A, class B>
concept Comparable = requires(A a, B b) {
  a < b;
};

static_assert(Addable<Bytes, Bytes> && Subtractable<Seconds, Seconds>);
static_assert(!Addable<Bytes, Seconds> && !Addable<Seconds, Bytes>);
static_assert(!Addable<Bytes, double> && !Addable<double, Bytes> && !Addable<Bytes, Flops>);
static_assert(!Addable<BytesPerSecond, Bytes> && !Addable<BytesPerSecond, FlopsPerSecond>);
static_assert(!Subtractable<Bytes, Seconds> && !Subtractable<Watts, Joules>);
static_assert(Comparable<Seconds, Seconds> && !Comparable<Seconds, Bytes>);
static_assert(!Comparable<Seconds, double>);
static_assert(!std::is_convertible_v<double, Bytes> && !std::is_convertible_v<Bytes, double>);
static_assert(!std::is_convertible_v<Bytes, Seconds>);

template <class Expected, class Actual>
constexpr bool is = std::is_same_v<Expected, std::remove_cvref_t<Actual>>;

static_assert(is<Seconds, decltype(Bytes{} / BytesPerSecond{})>);
static_assert(is<BytesPerSecond, decltype(Bytes{} / Seconds{})>);
static_assert(is<Bytes, decltype(BytesPerSecond{} * Seconds{})>);
static_assert(is<FlopsPerByte, decltype(Flops{} / Bytes{})>);
static_assert(is<FlopsPerSecond, decltype(FlopsPerByte{} * BytesPerSecond{})>);
static_assert(is<Joules, decltype(Watts{} * Seconds{})>);
static_assert(is<double, decltype(Bytes(3) / Bytes(2))>);
static_assert(is<double, decltype(Hertz{} * Seconds{})>);
static_assert(is<Bytes, decltype(2.0 * Bytes{})>);
static_assert(is<Bytes, decltype(Bytes{} / 2.0)>);

static_assert(sizeof(Bytes) == sizeof(double) && std::is_trivially_copyable_v<Bytes>);

TEST(Quantity, BytesOverBandwidthIsTime) {
  EXPECT_EQ((1_GB / 100_GBps).value(), 0.01);
  EXPECT_EQ((128_GBps * Seconds(2)).value(), 256e9);
  EXPECT_EQ(96_GiB / 1_GiB, 96.0);
}

TEST(Quantity, BinaryAndDecimalDiffer) {
  EXPECT_EQ((1_GiB).value(), 1073741824.0);
  EXPECT_EQ((1_GB).value(), 1e9);
  EXPECT_EQ((4_KiB).value(), 4096.0);
}

TEST(Quantity, SumsAndOrder) {
  Seconds total = 1.5_us + 2_us;
  total += Seconds(1);
  EXPECT_DOUBLE_EQ(total.value(), 1.0000035);
  EXPECT_LT(1.5_us, 2_us);
  EXPECT_EQ((DollarsPerSecond(2) * Seconds(3)).value(), 6.0);
}

}  // namespace
