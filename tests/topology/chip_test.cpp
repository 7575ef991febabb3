// Shipped chips against the vendors' figures, and what a slip in a chip file is answered with.
#include "topology/chip.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/topology/scratch.hpp"

namespace {

using fixtures::expect_mentions;
using fixtures::refusal;
using fixtures::Scratch;
using topology::Chip;
using topology::DataType;
using topology::load_chip;
using topology::Status;

const std::vector<DataType> all_types = {DataType::f64,
                                         DataType::f32,
                                         DataType::tf32,
                                         DataType::f16,
                                         DataType::bf16,
                                         DataType::fp8,
                                         DataType::fp4,
                                         DataType::i32,
                                         DataType::i8};

TEST(Chips, AllShippedOnesLoadAndNameTheirSources) {
  const auto names = topology::chip_names();
  for (const char* name : {"trainium1",
                           "trainium2",
                           "trainium3",
                           "trainium4",
                           "trainium4-fp8-conservative",
                           "h100",
                           "a100",
                           "v100",
                           "tpu-v4",
                           "tpu-v5p",
                           "host"})
    EXPECT_NE(std::find(names.begin(), names.end(), name), names.end()) << name;
  for (const std::string& name : names) {
    const Chip chip = load_chip(name);
    EXPECT_EQ(chip.name, name);
    EXPECT_FALSE(chip.title.empty()) << name;
    topology::each_figure(chip, [&name](const std::string& key, const auto& figure) {
      EXPECT_TRUE(!figure || figure->source.size() > 3) << name << " " << key;
    });
    for (const DataType type : all_types) {
      const auto& rate = chip.rate(type);
      EXPECT_TRUE(!rate.roof || rate.roof->value <= rate.peak->value) << name;
      EXPECT_TRUE(!rate.efficiency || rate.roof) << name << ": a share of what?";
    }
  }
}

TEST(Chips, PublishedFigures) {
  const Chip trn2 = load_chip("trainium2");
  EXPECT_EQ(trn2.rate(DataType::bf16).peak->value.value(), 667e12);
  EXPECT_EQ(trn2.rate(DataType::bf16).peak->status, Status::published);
  EXPECT_EQ(trn2.rate(DataType::bf16).roof->value.value(), 8 * 128 * 128 * 2 * 2.4e9);
  EXPECT_EQ(trn2.rate(DataType::bf16).roof->status, Status::derived);
  EXPECT_EQ(trn2.rate(DataType::fp8).peak->value.value(), 1299e12);
  EXPECT_EQ(trn2.rate(DataType::f32).roof->value.value(), 8 * 128 * 128 * 2 * 2.4e9 / 4);
  EXPECT_EQ(trn2.memory_capacity->value.value(), 96 * 1073741824.0);
  EXPECT_EQ(trn2.memory_bandwidth->value.value(), 2.9e12);
  EXPECT_EQ(trn2.sbuf->value.value(), 8 * 28 * 1048576.0);
  EXPECT_EQ(trn2.cores->value, 8.0);
  EXPECT_FALSE(trn2.rate(DataType::fp4).peak);
  EXPECT_EQ(load_chip("trainium1").rate(DataType::bf16).roof->value.value(),
            2 * 128 * 128 * 2 * 2.8e9);
  const Chip trn3 = load_chip("trainium3");
  EXPECT_EQ(trn3.rate(DataType::bf16).roof->value.value(), 8 * 128 * 128 * 2 * 2.4e9);
  EXPECT_EQ(trn3.rate(DataType::fp8).peak->value.value(), 2517e12);
  EXPECT_EQ(trn3.memory_bandwidth->value.value(), 4.9e12);
  EXPECT_EQ(load_chip("h100").rate(DataType::bf16).peak->value.value(), 989e12);
  EXPECT_EQ(load_chip("a100").memory_bandwidth->value.value(), 2.039e12);
}

TEST(Chips, Trainium4IsSixAndFourTimesTrainium3) {
  const Chip before = load_chip("trainium3");
  const Chip after = load_chip("trainium4");
  for (const DataType type : all_types) {
    const auto& old_rate = before.rate(type);
    const auto& new_rate = after.rate(type);
    ASSERT_EQ(old_rate.peak.has_value(), new_rate.peak.has_value()) << name(type);
    ASSERT_EQ(old_rate.roof.has_value(), new_rate.roof.has_value()) << name(type);
    if (!old_rate.peak) continue;
    EXPECT_EQ(new_rate.peak->value, 6 * old_rate.peak->value) << name(type);
    EXPECT_NE(new_rate.peak->status, Status::published);
    EXPECT_EQ(new_rate.roof->value, 6 * old_rate.roof->value) << name(type);
    EXPECT_EQ(new_rate.roof->status, Status::assumed);
  }
  EXPECT_DOUBLE_EQ(after.memory_bandwidth->value / before.memory_bandwidth->value, 4);
}

TEST(Chips, TheConservativeReadingExtendsTrainium4) {
  const Chip before = load_chip("trainium3");
  const Chip chip = load_chip("trainium4-fp8-conservative");
  const auto factor = [&](DataType type) {
    return chip.rate(type).peak->value / before.rate(type).peak->value;
  };
  EXPECT_DOUBLE_EQ(factor(DataType::fp4), 6);
  EXPECT_DOUBLE_EQ(factor(DataType::fp8), 3);
  EXPECT_DOUBLE_EQ(factor(DataType::bf16), 3);
  EXPECT_EQ(chip.memory_bandwidth->value, load_chip("trainium4").memory_bandwidth->value);
}

TEST(Chips, DataTypes) {
  for (const DataType type : all_types) EXPECT_EQ(topology::data_type(name(type)), type);
  EXPECT_EQ(topology::data_type("float"), DataType::f32);
  EXPECT_EQ(topology::data_type("fp32"), DataType::f32);
  EXPECT_EQ(topology::data_type("bfloat16"), DataType::bf16);
  EXPECT_EQ(topology::data_type("half"), DataType::f16);
  EXPECT_EQ(topology::size_of(DataType::bf16).value(), 2.0);
  EXPECT_EQ(topology::size_of(DataType::fp4).value(), 0.5);
  expect_mentions(refusal([] { (void)topology::data_type("bf61"); }), "bf16");
  EXPECT_NE(refusal([] { (void)topology::data_type(""); }), "");
}

/// A chip file whose memory bandwidth, on line 5, is written as `line`.
std::string refusal_of(const std::string& line) {
  const Scratch scratch;
  const std::string path =
      scratch.write("foo.toml", "# a chip\ntitle = \"foo\"\n\n[memory]\n" + line + "\n");
  std::string message = refusal([&path] { (void)load_chip(path); });
  expect_mentions(message, "foo.toml:5: ");
  expect_mentions(message, "\n  5 | " + line + "\n    | ");
  return message;
}

TEST(ChipFile, SlipsAreAnsweredWithPlaceAndRemedy) {
  const std::string origin = R"(, status = "published", source = "me" })";
  const std::string message = refusal_of(R"(bandwith = { value = "2.9 TB/s")" + origin);
  expect_mentions(message, "5: unknown key 'bandwith' in [memory]; did you mean 'bandwidth'?\n");
  expect_mentions(message, "\n    | ^\n");
  expect_mentions(message, "known keys: capacity, bandwidth");
  const std::string key = "bandwidth = ";
  expect_mentions(refusal_of(key + R"({ value = "2.9")" + origin), "'2.9' has no unit");
  expect_mentions(refusal_of(key + "{ value = 2.9" + origin), "'2.9' has no unit");
  expect_mentions(refusal_of(key + R"({ value = "2.9 GiB")" + origin), "128 GB/s");
  expect_mentions(refusal_of(key + R"({ value = "-1 TB/s")" + origin), "more than 0");
  expect_mentions(refusal_of(key + R"({ value = "0 TB/s")" + origin), "more than 0");
  expect_mentions(refusal_of(key + R"({ value = "inf TB/s")" + origin), "finite");
  expect_mentions(refusal_of(key + R"("2.9 TB/s")"), "expected a table, not a text");
  expect_mentions(refusal_of(key + "{ value = true" + origin), "expected a text in quotes");
  expect_mentions(refusal_of(key + R"({ value = "1 TB/s", status = "rumour", source = "me" })"),
                  "unknown status 'rumour'; known: published, derived, assumed");
  expect_mentions(refusal_of(key + R"({ value = "1 TB/s", status = "assumed" })"),
                  "missing key 'source' in [memory.bandwidth]");
  expect_mentions(refusal_of(key + R"({ value = "1 TB/s", source = "me" })"),
                  "missing key 'status' in [memory.bandwidth]");
  expect_mentions(refusal_of(key + R"({ value = "1 TB/s", status = "assumed", source = "" })"),
                  "empty source");
  expect_mentions(refusal_of(key + R"({ value = "1 TB/s", status = "assumed", sorce = "me" })"),
                  "unknown key 'sorce' in [memory.bandwidth]; did you mean 'source'?");
  expect_mentions(refusal_of("efficiency = { value = 1.2" + origin), "at most 1");
  expect_mentions(refusal_of(R"(efficiency = { value = "85 %")" + origin), "plain");
  expect_mentions(refusal_of("bandwidth = "), "expected value");
}

TEST(ChipFile, NegativeTimesAndMisspeltTables) {
  const Scratch scratch;
  const std::string ramp = scratch.write("a.toml",
                                         "title = \"a\"\n[engine]\nramp = { value = \"-1 us\", "
                                         "status = \"assumed\", source = \"me\" }\n");
  expect_mentions(refusal([&] { (void)load_chip(ramp); }), "a.toml:3: ");
  const std::string table = scratch.write("b.toml", "title = \"b\"\n[memroy]\n");
  expect_mentions(refusal([&] { (void)load_chip(table); }),
                  "b.toml:2: unknown key 'memroy'; did you mean 'memory'?");
  const std::string untitled = scratch.write("c.toml", "[memory]\n");
  expect_mentions(refusal([&] { (void)load_chip(untitled); }), "c.toml:1: missing key 'title'");
}

TEST(ChipFile, ExtendsAShippedChipOrAFileBesideIt) {
  const Scratch scratch;
  const std::string fast =
      "title = \"fast\"\nextends = \"trainium2\"\n[memory]\nbandwidth = { value = "
      "\"4 TB/s\", status = \"assumed\", source = \"what if\" }\n";
  (void)scratch.write("fast.toml", fast);
  const std::string path = scratch.write("faster.toml", "extends = \"fast.toml\"\n");
  const Chip chip = load_chip(path);
  EXPECT_EQ(chip.name, "faster");
  EXPECT_EQ(chip.title, "fast");
  EXPECT_EQ(chip.memory_bandwidth->value.value(), 4e12);
  EXPECT_EQ(chip.rate(DataType::bf16).peak->value.value(), 667e12);
  const std::string lost = scratch.write("lost.toml", "extends = \"trainum2\"\n");
  const std::string message = refusal([&] { (void)load_chip(lost); });
  expect_mentions(message, "lost.toml:1: unknown chip 'trainum2'; did you mean 'trainium2'?");
}

TEST(ChipFile, OverridesAndUnknownNames) {
  const Chip chip =
      load_chip("trainium2", {"memory.bandwidth=4 TB/s", "compute.bf16.efficiency=0.5"});
  EXPECT_EQ(chip.memory_bandwidth->value.value(), 4e12);
  EXPECT_EQ(chip.memory_bandwidth->status, Status::assumed);
  EXPECT_EQ(chip.memory_bandwidth->source, "set on the command line");
  EXPECT_EQ(chip.rate(DataType::bf16).efficiency->value, 0.5);
  const auto with = [](const char* change) {
    return refusal([change] { (void)load_chip("trainium2", {change}); });
  };
  expect_mentions(with("memory.bandwith=4 TB/s"), "did you mean 'memory.bandwidth'?");
  expect_mentions(with("memory.bandwidth=4"), "memory.bandwidth: '4' has no unit");
  expect_mentions(with("memory.bandwidth=-4 TB/s"), "more than 0");
  expect_mentions(with("memory.bandwidth"), "KEY=VALUE");
  const std::string message = refusal([] { (void)load_chip("tranium2"); });
  expect_mentions(message, "unknown chip 'tranium2'; did you mean 'trainium2'? known: a100");
  expect_mentions(refusal([] { (void)load_chip("nowhere.toml"); }), "no file 'nowhere.toml'");
}

}  // namespace
