// Every unit read and printed; every slip refused with the units that would do.
#include "topology/parse.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/topology/scratch.hpp"
#include "topology/names.hpp"

namespace {

using fixtures::expect_mentions;
using fixtures::refusal;
using topology::Bytes;
using topology::BytesPerSecond;
using topology::DollarsPerSecond;
using topology::FlopsPerSecond;
using topology::format;
using topology::format_exact;
using topology::Hertz;
using topology::parse;
using topology::parse_size;
using topology::Seconds;
using topology::Watts;

template <class Q>
double read(const char* text) {
  return parse<Q>(text).value();
}

TEST(Parse, Sizes) {
  EXPECT_EQ(read<Bytes>("8 B"), 8.0);
  EXPECT_EQ(read<Bytes>("1.5 kB"), 1500.0);
  EXPECT_EQ(read<Bytes>("2 MB"), 2e6);
  EXPECT_EQ(read<Bytes>("80 GB"), 80e9);
  EXPECT_EQ(read<Bytes>("3 TB"), 3e12);
  EXPECT_EQ(read<Bytes>("4 PB"), 4e15);
  EXPECT_EQ(read<Bytes>("1 KiB"), 1024.0);
  EXPECT_EQ(read<Bytes>("24 MiB"), 25165824.0);
  EXPECT_EQ(read<Bytes>("96 GiB"), 103079215104.0);
  EXPECT_EQ(read<Bytes>("1 TiB"), 1099511627776.0);
  EXPECT_EQ(read<Bytes>("1 PiB"), 1125899906842624.0);
}

TEST(Parse, Bandwidths) {
  EXPECT_EQ(read<BytesPerSecond>("1 B/s"), 1.0);
  EXPECT_EQ(read<BytesPerSecond>("1 kB/s"), 1e3);
  EXPECT_EQ(read<BytesPerSecond>("1 MB/s"), 1e6);
  EXPECT_EQ(read<BytesPerSecond>("128 GB/s"), 128e9);
  EXPECT_EQ(read<BytesPerSecond>("2.9 TB/s"), 2.9 * 1e12);
  EXPECT_EQ(read<BytesPerSecond>("1 PB/s"), 1e15);
  EXPECT_EQ(read<BytesPerSecond>("8 bit/s"), 1.0);
  EXPECT_EQ(read<BytesPerSecond>("8 kbit/s"), 1e3);
  EXPECT_EQ(read<BytesPerSecond>("100 Mbit/s"), 12.5e6);
  EXPECT_EQ(read<BytesPerSecond>("200 Gbit/s"), 25e9);
  EXPECT_EQ(read<BytesPerSecond>("12.8 Tbit/s"), 1.6e12);
}

TEST(Parse, TimesRatesAndTheRest) {
  EXPECT_EQ(read<Seconds>("2 s"), 2.0);
  EXPECT_EQ(read<Seconds>("3 ms"), 3 * 1e-3);
  EXPECT_EQ(read<Seconds>("1.5 us"), 1.5 * 1e-6);
  EXPECT_EQ(read<Seconds>("5 ns"), 5 * 1e-9);
  EXPECT_EQ(read<Seconds>("0 s"), 0.0);
  EXPECT_EQ(read<Seconds>("5.8 min"), 5.8 * 60);
  EXPECT_EQ(read<Seconds>("8 h"), 28800.0);
  EXPECT_EQ(read<Seconds>("54 d"), 54 * 86400.0);
  EXPECT_EQ(read<FlopsPerSecond>("7 FLOP/s"), 7.0);
  EXPECT_EQ(read<FlopsPerSecond>("983 GFLOP/s"), 983e9);
  EXPECT_EQ(read<FlopsPerSecond>("667 TFLOP/s"), 667e12);
  EXPECT_EQ(read<FlopsPerSecond>("1.5 PFLOP/s"), 1.5e15);
  EXPECT_EQ(read<FlopsPerSecond>("2 EFLOP/s"), 2e18);
  EXPECT_EQ(read<Hertz>("50 Hz"), 50.0);
  EXPECT_EQ(read<Hertz>("1 kHz"), 1e3);
  EXPECT_EQ(read<Hertz>("960 MHz"), 960e6);
  EXPECT_EQ(read<Hertz>("2.4 GHz"), 2.4e9);
  EXPECT_EQ(read<Watts>("500 W"), 500.0);
  EXPECT_EQ(read<Watts>("48 kW"), 48e3);
  EXPECT_EQ(read<Watts>("375 MW"), 375e6);
  EXPECT_EQ(read<Watts>("3.9 GW"), 3.9e9);
  EXPECT_DOUBLE_EQ(read<DollarsPerSecond>("3600 USD/h"), 1.0);
  EXPECT_EQ(parse<double>("0.95"), 0.95);
}

TEST(Parse, RefusesWhatIsNotANumberASpaceAndAUnit) {
  for (const char* text : {"96",
                           "96GiB",
                           "96 gib",
                           "96 GB/s",
                           "96  GiB",
                           " 96 GiB",
                           "96 GiB ",
                           "GiB",
                           "",
                           " ",
                           "96 ",
                           "x GiB",
                           "inf GiB",
                           "nan GiB",
                           "1e999 GiB",
                           "96 GiB 2",
                           "+96 GiB",
                           "0x10 GiB",
                           "9,6 GiB"}) {
    const std::string message = refusal([text] { (void)parse<Bytes>(text); });
    expect_mentions(message, fmt::format("'{}'", text));
    expect_mentions(message, "'96 GiB'");
    expect_mentions(message, "B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB, PiB");
  }
  expect_mentions(refusal([] { (void)parse<Bytes>("96"); }), "has no unit");
  expect_mentions(refusal([] { (void)parse<BytesPerSecond>("128 GiB/s"); }), "GB/s");
  expect_mentions(refusal([] { (void)parse<BytesPerSecond>("128 Gb/s"); }), "Gbit/s");
  expect_mentions(refusal([] { (void)parse<FlopsPerSecond>("667 TFLOPS"); }), "TFLOP/s");
  expect_mentions(refusal([] { (void)parse<Seconds>("1.5 µs"); }), "us");
  expect_mentions(refusal([] { (void)parse<double>("0.95 GB"); }), "plain");
}

TEST(Parse, SizesOfTheCollectiveTools) {
  EXPECT_EQ(parse_size("8").value(), 8.0);
  EXPECT_EQ(parse_size("1K").value(), 1024.0);
  EXPECT_EQ(parse_size("512M").value(), 536870912.0);
  EXPECT_EQ(parse_size("16G").value(), 17179869184.0);
  for (const char* text : {"",
                           "K",
                           "0",
                           "-1",
                           "1.5K",
                           "1k",
                           "1 K",
                           "1KB",
                           "1KiB",
                           "x",
                           "0x10",
                           "+8",
                           "99999999G",
                           "99999999999999999999"})
    EXPECT_NE(refusal([text] { (void)parse_size(text); }), "") << text;
}

TEST(Format, ReadableUnits) {
  EXPECT_EQ(format(BytesPerSecond(2.9e12)), "2.9 TB/s");
  EXPECT_EQ(format(BytesPerSecond(640e9)), "640 GB/s");
  EXPECT_EQ(format(BytesPerSecond(999.99e9)), "1 TB/s");
  EXPECT_EQ(format(BytesPerSecond(12345e15)), "12345 PB/s");
  EXPECT_EQ(format(Seconds(1.5e-6)), "1.5 us");
  EXPECT_EQ(format(Seconds{}), "0 s");
  EXPECT_EQ(format(Seconds(123.456)), "123.5 s");
  EXPECT_EQ(format(Seconds(86400)), "86400 s");
  EXPECT_EQ(format(FlopsPerSecond(629.1456e12)), "629.1 TFLOP/s");
  EXPECT_EQ(format(Hertz(2.4e9)), "2.4 GHz");
  EXPECT_EQ(format(Watts(48e3)), "48 kW");
  EXPECT_EQ(format(parse<DollarsPerSecond>("2.235 USD/h")), "2.235 USD/h");
}

TEST(Format, BinaryWhereWholeKibibytes) {
  EXPECT_EQ(format(Bytes(103079215104.0)), "96 GiB");
  EXPECT_EQ(format(Bytes(1024)), "1 KiB");
  EXPECT_EQ(format(Bytes(1000)), "1 kB");
  EXPECT_EQ(format(Bytes(80e9)), "80 GB");
  EXPECT_EQ(format(Bytes(0.5)), "0.5 B");
}

TEST(Format, ExactTextReadsBackTheSame) {
  for (const double value : {1.0 / 3, 2.9e12, 7.142857142857143e9, 1e-9, 123456789.123456789}) {
    EXPECT_EQ(parse<BytesPerSecond>(format_exact(BytesPerSecond(value))).value(), value);
    EXPECT_EQ(parse<Seconds>(format_exact(Seconds(value))).value(), value);
    EXPECT_EQ(parse<double>(format_exact(value)), value);
  }
  EXPECT_EQ(format_exact(BytesPerSecond(128e9)), "128 GB/s");
}

TEST(Format, UnitsForResultFiles) {
  EXPECT_STREQ(topology::base_unit<Bytes>(), "byte");
  EXPECT_STREQ(topology::base_unit<BytesPerSecond>(), "byte s-1");
  EXPECT_STREQ(topology::base_unit<Seconds>(), "s");
  EXPECT_STREQ(topology::base_unit<FlopsPerSecond>(), "s-1");
  EXPECT_STREQ(topology::base_unit<Watts>(), "W");
  EXPECT_STREQ(topology::base_unit<double>(), "1");
}

TEST(Names, NearestIsCloseOrNone) {
  const std::vector<std::string> known = {"bandwidth", "latency", "hop", "x", "rainier"};
  EXPECT_EQ(topology::nearest("bandwith", known), "bandwidth");
  EXPECT_EQ(topology::nearest("Rainer", known), "rainier");
  EXPECT_EQ(topology::nearest("hops", known), "hop");
  EXPECT_EQ(topology::nearest("w", known), "");
  EXPECT_EQ(topology::nearest("colour", known), "");
  EXPECT_EQ(topology::unknown_name("key", "hops", known),
            "unknown key 'hops'; did you mean 'hop'? known: bandwidth, latency, hop, x, rainier");
  EXPECT_EQ(topology::unknown_name("key", "colour", std::vector<std::string>{"a", "b"}),
            "unknown key 'colour'; known: a, b");
}

}  // namespace
