// Probes of the roofs do the work that they say they did.
#include <vector>

#include <gtest/gtest.h>

#include "bench/suites/host_roofs.hpp"
#include "kernels/matmul/stream_probe.hpp"

namespace {

using kernels::Stream;
using topology::Bytes;

TEST(Stream, TriadAddsAndCountsThreeArrays) {
  std::vector<double> a(1000, -1);
  const std::vector<double> b(1000, 2);
  const std::vector<double> c(1000, 5);
  EXPECT_EQ(kernels::run_stream(Stream::triad, a, b, c), Bytes(3 * 8000));
  EXPECT_EQ(a, std::vector<double>(1000, 17));
}

TEST(Stream, ReadCountsOneArrayAndWritesNone) {
  std::vector<double> a(1000, -1);
  const std::vector<double> b(1000, 2);
  EXPECT_EQ(kernels::run_stream(Stream::read, a, b, b), Bytes(8000));
  EXPECT_EQ(a, std::vector<double>(1000, -1));
}

TEST(Roofs, CountTheWorkOfAllThreads) {
  using topology::DataType;
  const auto one = bench::probe_compute(DataType::f64, 1);
  const auto two = bench::probe_compute(DataType::f64, 2);
  EXPECT_EQ(two.work, 2 * one.work);
  EXPECT_GT(one.rate().value(), 0);
  EXPECT_GE(two.rate().value(), two.work.value() / two.seconds.front());  // the fastest sample
  EXPECT_EQ(bench::probe_memory(Stream::read, 2).moved, Bytes(96 << 20));
}

}  // namespace
