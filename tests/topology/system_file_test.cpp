// System files: written, read back, extended, and refused where they slip.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/topology/scratch.hpp"
#include "topology/machine.hpp"

namespace {

using fixtures::expect_mentions;
using fixtures::refusal;
using fixtures::Scratch;
using topology::Level;
using topology::LevelShape;
using topology::load_system;
using topology::Machine;
using topology::Status;

void expect_same(const Machine& a, const Machine& b) {
  EXPECT_EQ(a.title, b.title);
  EXPECT_EQ(a.notes, b.notes);
  EXPECT_EQ(a.chip.name, b.chip.name);
  EXPECT_EQ(a.overhead.value, b.overhead.value);
  EXPECT_EQ(a.reduction.has_value(), b.reduction.has_value());
  ASSERT_EQ(a.levels.size(), b.levels.size());
  for (std::size_t l = 0; l < a.levels.size(); ++l) {
    const Level& one = a.levels[l];
    const Level& other = b.levels[l];
    EXPECT_EQ(one.name, other.name);
    EXPECT_EQ(one.domain, other.domain);
    EXPECT_EQ(one.shape, other.shape);
    EXPECT_EQ(one.extent, other.extent);
    EXPECT_EQ(one.size_source.source, other.size_source.source);
    EXPECT_EQ(one.bandwidth.value, other.bandwidth.value);
    EXPECT_EQ(one.bandwidth.status, other.bandwidth.status);
    EXPECT_EQ(one.bandwidth.source, other.bandwidth.source);
    EXPECT_EQ(one.links.value, other.links.value);
    EXPECT_EQ(one.latency.value, other.latency.value);
    EXPECT_EQ(one.hop.value, other.hop.value);
    EXPECT_EQ(one.gap.value, other.gap.value);
    EXPECT_EQ(one.efficiency.value, other.efficiency.value);
  }
}

TEST(SystemFile, WhatIsWrittenReadsBackTheSame) {
  const Scratch scratch;
  for (const std::string& name : topology::system_names()) {
    const Machine machine = load_system(name);
    expect_same(machine, load_system(scratch.write("copy.toml", to_toml(machine))));
  }
  Machine odd = load_system("trn2-server");
  odd.title = "a \"quoted\" \\ title\nof two lines, µ";
  odd.levels[0].bandwidth.value = topology::BytesPerSecond(1e9 / 3);
  odd.levels[0].latency.value = topology::Seconds(1.0 / 3e6);
  odd.reduction = {topology::BytesPerSecond(1e10 / 7), Status::derived, "fitted"};
  const Machine again = load_system(scratch.write("odd.toml", to_toml(odd)));
  expect_same(odd, again);
  EXPECT_EQ(odd.reduction->value, again.reduction->value);
  EXPECT_EQ(again.name, "odd");
}

TEST(SystemFile, ExtendsChangesAndAddsLevels) {
  const Scratch scratch;
  const std::string origin = ", status = \"assumed\", source = \"what if\" }\n";
  const std::string path = scratch.write("wide.toml",
                                         "extends = \"trn2-ultraserver\"\n"
                                         "[[level]]\nname = \"z\"\nextent = { value = 8" +
                                             origin +
                                             "[[level]]\nname = \"rack\"\ndomain = \"rack\"\n"
                                             "shape = \"clos\"\nextent = { value = 2" +
                                             origin + R"(bandwidth = { value = "25 GB/s")" +
                                             origin + R"(latency = { value = "15 us")" + origin);
  const Machine machine = load_system(path);
  EXPECT_EQ(machine.chips(), 4 * 4 * 8 * 2);
  EXPECT_EQ(machine.levels[machine.level("z")].bandwidth.value.value(), 64e9);
  EXPECT_EQ(machine.levels[machine.level("rack")].shape, LevelShape::clos);
  EXPECT_EQ(machine.name, "wide");
}

TEST(SystemFile, CyclesAreFound) {
  const Scratch scratch;
  const std::string one = scratch.write("one.toml", "title = \"1\"\nextends = \"two.toml\"\n");
  (void)scratch.write("two.toml", "extends = \"one.toml\"\n");
  const std::string message = refusal([&] { (void)load_system(one); });
  expect_mentions(message, "two.toml:1: ");
  expect_mentions(message, "extends itself");
}

TEST(SystemFile, SlipsAreAnsweredWithPlaceAndRemedy) {
  const Scratch scratch;
  const auto message = [&scratch](const std::string& text) {
    const std::string path =
        scratch.write("bar.toml", "title = \"bar\"\nchip = \"trainium2\"\n" + text);
    return refusal([&path] { (void)load_system(path); });
  };
  const std::string origin = ", status = \"assumed\", source = \"me\" }\n";
  const std::string start = "[[level]]\nname = \"x\"\ndomain = \"row\"\n";
  const std::string figures = "extent = { value = 4" + origin +
                              R"(bandwidth = { value = "1 GB/s")" + origin +
                              R"(latency = { value = "1 us")" + origin;
  EXPECT_EQ(message(start + "shape = \"ring\"\n" + figures), "");
  expect_mentions(message(start + "shape = \"rng\"\n" + figures),
                  "bar.toml:6: unknown shape 'rng'; did you mean 'ring'?");
  expect_mentions(message(start + figures), "missing key 'shape' in [level]");
  expect_mentions(message(start + "shape = \"ring\"\n" + figures + "hops = 1\n"),
                  "bar.toml:10: unknown key 'hops' in [level]; did you mean 'hop'?");
  expect_mentions(message(start + "shape = \"ring\"\nextent = 4\n"),
                  "expected a table, not an integer");
  expect_mentions(message(start + "shape = \"ring\"\nextent = { value = 2.5" + origin),
                  "whole number");
  const std::string whole = start + "shape = \"ring\"\n" + figures;
  expect_mentions(message(whole + whole), "a second level 'x'");
  expect_mentions(message("[[level]]\nname = \"a,b\"\n"),
                  "bar.toml:4: 'a,b' is no name of a level");
  expect_mentions(message("[[level]]\nname = \"chip\"\n"), "taken");
  expect_mentions(message(""), "at least one [[level]]");
  expect_mentions(message("level = 3\n"), "expected a list of tables");
}

TEST(SystemFile, NamesThatAreNotKnown) {
  expect_mentions(refusal([] { (void)load_system("rainer"); }),
                  "unknown system 'rainer'; did you mean 'rainier'? known: a100-dgx");
  const Scratch scratch;
  const std::string path = scratch.write("bar.toml", "title = \"bar\"\nchip = \"trainum2\"\n");
  expect_mentions(refusal([&] { (void)load_system(path); }),
                  "bar.toml:2: unknown chip 'trainum2'; did you mean 'trainium2'?");
  const std::string none = scratch.write("baz.toml", "title = \"baz\"\n");
  expect_mentions(refusal([&] { (void)load_system(none); }), "missing key 'chip'");
}

TEST(SystemFile, SourceFilesAreVerbatimChipFirst) {
  const auto files = topology::source_files("rainier");
  std::vector<std::string> names;
  for (const auto& [name, text] : files) {
    names.push_back(name);
    EXPECT_FALSE(text.empty());
  }
  const std::vector<std::string> expected = {"chips/trainium2.toml",
                                             "systems/trn2-server.toml",
                                             "systems/trn2-ultraserver.toml",
                                             "systems/rainier.toml"};
  EXPECT_EQ(names, expected);
}

}  // namespace
