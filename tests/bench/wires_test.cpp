#include "bench/emulator/wires.hpp"

#include <gtest/gtest.h>

namespace {

using topology::Bytes;
using topology::BytesPerSecond;
using topology::Seconds;

constexpr Seconds delay{500e-6};
constexpr BytesPerSecond rate{12.5e6};  // 100 Mbit/s
constexpr Bytes frame{976};             // with the 24 bytes around it 1000 on the wire: 80 us
constexpr double on_wire = 80e-6;
constexpr double tolerance = 1e-12;

bench::Wires wires() {
  return {3, rate, delay};
}

TEST(Wires, AFrameTakesItsTimeOnOneWireAndTheDelay) {
  EXPECT_NEAR(wires().arrival(Seconds(1), 0, 1, frame).value(), 1 + on_wire + 500e-6, tolerance);
}

TEST(Wires, FramesOfOneHostFollowEachOther) {
  bench::Wires all = wires();
  for (int k = 1; k <= 10; ++k)
    EXPECT_NEAR(all.arrival(Seconds(), 0, k % 2 == 0 ? 1 : 2, frame).value(),
                k * on_wire + 500e-6,
                tolerance);
}

TEST(Wires, TwoHostsShareTheWireOfTheThird) {
  bench::Wires all = wires();
  EXPECT_NEAR(all.arrival(Seconds(), 0, 2, frame).value(), on_wire + 500e-6, tolerance);
  EXPECT_NEAR(all.arrival(Seconds(), 1, 2, frame).value(), 2 * on_wire + 500e-6, tolerance);
}

TEST(Wires, DirectionsDoNotWaitForEachOther) {
  bench::Wires all = wires();
  all.arrival(Seconds(), 0, 1, frame);
  EXPECT_NEAR(all.arrival(Seconds(), 1, 0, frame).value(), on_wire + 500e-6, tolerance);
}

TEST(Wires, AnIdleWireIsFreeAgain) {
  bench::Wires all = wires();
  all.arrival(Seconds(), 0, 1, frame);
  EXPECT_NEAR(all.arrival(Seconds(1), 0, 1, frame).value(), 1 + on_wire + 500e-6, tolerance);
}

}  // namespace
