// Published failures as they are read: rates against those that their authors give.
#include "topology/failures.hpp"

#include <gtest/gtest.h>

#include "tests/topology/scratch.hpp"
#include "topology/error.hpp"

namespace {

using topology::Failures;
using topology::load_failures;

double per_hour(const Failures& failures) {
  return failures.rate().value() * 3600;
}

TEST(Failures, OfLlama3AreThoseOfItsTable) {
  const Failures llama = load_failures("llama3");
  EXPECT_EQ(llama.count(), 419);
  EXPECT_NEAR(per_hour(llama), 419 / (54.0 * 24 * 16384), 1e-12);
  double sum = 0;
  for (const topology::FailureClass& one : llama.classes) {
    sum += llama.rate(one).value();
    if (one.name == "silent data corruption") {
      EXPECT_NEAR(llama.rate(one).value() * 3600, 2.8e-7, 5e-9);
    }
  }
  EXPECT_NEAR(sum / llama.rate().value(), 1, 1e-12);
  EXPECT_NEAR(llama.replaced(), (419 - 54 - 35 - 7) / 419.0, 1e-12);
  EXPECT_EQ((llama.detection.value + llama.restart.value + llama.reload.value).value(), 600);
  EXPECT_EQ((llama.detection.value + llama.regrouping.value).value(), 180);
}

TEST(Failures, OfClustersHaveTheTimesOfLlama3) {
  EXPECT_NEAR(per_hour(load_failures("rsc-1")), 3.4e-5, 5e-7);
  EXPECT_NEAR(per_hour(load_failures("rsc-2")), 1.2e-5, 5e-7);
  EXPECT_EQ(load_failures("rsc-2").restart.value, load_failures("llama3").restart.value);
}

TEST(Failures, AllThatShipCanBeRead) {
  EXPECT_GE(topology::failures_names().size(), 3U);
  for (const std::string& name : topology::failures_names())
    EXPECT_GT(load_failures(name).rate().value(), 0) << name;
}

TEST(Failures, OfAFileNeedTheirParts) {
  const fixtures::Scratch scratch;
  const std::string none = "title = \"mine\"\nextends = \"llama3\"\n";
  EXPECT_EQ(load_failures(scratch.write("a.toml", none)).count(), 419);
  EXPECT_THROW((void)load_failures(scratch.write("b.toml", "title = \"mine\"\n")), topology::Error);
  EXPECT_THROW((void)load_failures(scratch.write("c.toml", none + "repairs = 1\n")),
               topology::Error);
  EXPECT_THROW((void)load_failures(scratch.write(
                   "d.toml",
                   none + "repair = { value = \"-1 h\", status = \"assumed\", source = \"x\" }\n")),
               topology::Error);
  EXPECT_THROW((void)load_failures("nosuch"), topology::Error);
}

}  // namespace
