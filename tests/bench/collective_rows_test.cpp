// What NCCL would choose, against closed forms; machines of published rows; rows beside the model.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "bench/executor/predict.hpp"
#include "bench/validation/comparison.hpp"
#include "bench/validation/published_machine.hpp"
#include "kernels/collective/algorithms.hpp"
#include "kernels/collective/nccl.hpp"
#include "kernels/collective/verify.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/topology/scratch.hpp"

namespace {

using bench::predict;
using bench::published_machine;
using kernels::Collective;
using topology::Bytes;
using topology::BytesPerSecond;
using topology::LevelShape;
using topology::Machine;
using topology::Seconds;

constexpr double hop = 2e-6;
constexpr double call = 9e-6;
constexpr double rate = 100e9;
constexpr double size = 1e9;

Machine server(std::int64_t n, double in_switch = 0) {
  Machine machine = fixtures::machine({{"nvlink", LevelShape::all_to_all, n}}, hop);
  machine.overhead.value = Seconds(call);
  machine.levels.front().in_switch.value = in_switch;
  return machine;
}

/// `nodes` of `n` chips, a tenth of the rate and ten times the latency between them.
Machine servers(std::int64_t n, std::int64_t nodes, double in_switch = 0) {
  Machine machine = server(n, in_switch);
  topology::Level node = machine.levels.front();
  node.name = "node";
  node.shape = LevelShape::clos;
  node.extent = nodes;
  node.bandwidth.value = BytesPerSecond(rate / 10);
  node.latency.value = Seconds(10 * hop);
  node.in_switch.value = 0;
  machine.levels.push_back(node);
  return machine;
}

double seconds(const Machine& machine,
               const char* algorithm,
               Collective collective = Collective::all_reduce) {
  return predict(collective, machine, Bytes(size), algorithm).time.value();
}

void expect_close(double a, double b) {
  EXPECT_NEAR(a / b, 1, 1e-12);
}

TEST(Nccl, RingInEachProtocol) {
  for (const std::int64_t n : {2, 3, 8}) {
    const double hops = 2.0 * static_cast<double>(n - 1);
    const double bytes = hops / static_cast<double>(n) * size;
    expect_close(seconds(server(n), "nccl:ring,simple"), call + hops * hop + bytes / rate);
    expect_close(seconds(server(n), "nccl:ring,ll"),
                 call * 6.6 / 8.4 + hops * hop * 0.6 / 3.4 + bytes / (rate / 2));
    expect_close(seconds(server(n), "nccl:ring,ll128"),
                 call * 14 / 8.4 + hops * hop * 1.9 / 3.4 + bytes / (rate * 120 / 128));
  }
}

// 16 ranks in a ring over 2 servers: each step at the rate of the 8 ports of a server together, of
// the 15 hops one between servers.
TEST(Nccl, OneRingThroughServersUsesAllTheirPorts) {
  expect_close(seconds(servers(8, 2), "nccl:ring,simple", Collective::all_gather),
               call + 14 * hop + 10 * hop + size * 15 / 16 / (8 * rate / 10));
  // 16 ports are faster than the switch inside; of the 31 hops one is between servers.
  expect_close(seconds(servers(16, 2), "nccl:ring,simple", Collective::reduce_scatter),
               call + 30 * hop + 10 * hop + size * 31 / 32 / rate);
  // One chip a server: all hops are between servers.
  expect_close(seconds(servers(1, 4), "nccl:ring,simple", Collective::all_gather),
               call + 3 * 10 * hop + size * 3 / 4 / (rate / 10));
}

TEST(Nccl, FastestOfItsChoices) {
  const Machine machine = servers(8, 4, 0.8);
  double fastest = 1;
  for (const kernels::NcclChoice& choice : kernels::nccl_choices(Collective::all_reduce, machine)) {
    const double time = seconds(machine, choice.name.c_str());
    fastest = std::min(fastest, time);
  }
  EXPECT_EQ(seconds(machine, "nccl"), fastest);
  const auto small = predict(Collective::all_reduce, machine, Bytes(1024), "nccl");
  EXPECT_EQ(small.algorithm, "nccl:tree,ll");
  const auto large = predict(Collective::all_reduce, server(8, 0.8), Bytes(size), "nccl");
  EXPECT_EQ(large.algorithm, "nccl:nvls,simple");
  EXPECT_EQ(predict(Collective::all_reduce, server(8), Bytes(size), "nccl").algorithm,
            "nccl:ring,simple");
  EXPECT_EQ(predict(Collective::all_to_all, servers(8, 2), Bytes(size), "nccl").algorithm,
            "nccl:p2p,simple");
}

TEST(Nccl, RefusesWhatItDoesNotRun) {
  const auto refusal = [](const Machine& machine, Collective collective, const char* text) {
    return fixtures::refusal([&] { (void)predict(collective, machine, Bytes(size), text); });
  };
  fixtures::expect_mentions(refusal(fixtures::torus({4, 4}), Collective::all_reduce, "nccl"),
                            "'x' is a ring of a torus");
  fixtures::expect_mentions(refusal(server(8), Collective::broadcast, "nccl"), "broadcast");
  fixtures::expect_mentions(refusal(server(8), Collective::all_reduce, "nccl:nvls"),
                            "nccl:ring,ll");
}

// Reduce-scatter puts S on a port and takes S/n, all-gather the other way round; in slices both
// ways work at once: S (1 + 1/n) each way.
TEST(Nvls, ClosedForm) {
  const double in_switch = 0.8;
  for (const std::int64_t n : {2, 6, 8}) {
    const auto members = static_cast<double>(n);
    const double reached = rate * in_switch;
    const double latencies = call + 2 * hop;
    expect_close(seconds(server(n, in_switch), "nvls"), latencies + 2 * size / reached);
    expect_close(seconds(server(n, in_switch), "nvls*10"),
                 latencies + 2 * size / 10 / reached + 0.9 * size * (1 + 1 / members) / reached);
    expect_close(seconds(server(n, in_switch), "nvls", Collective::all_gather),
                 call + hop + size / reached);
    const auto links =
        predict(Collective::all_reduce, server(n, in_switch), Bytes(size), "nvls*10").links;
    ASSERT_EQ(links.size(), 1U);
    expect_close(links.front().load.value(), size * (1 + 1 / members));
  }
}

TEST(Nvls, MemoryIsTouchedOnceForEachChunk) {
  Machine machine = server(8, 0.8);
  machine.chip.memory_bandwidth = {BytesPerSecond(1e9), topology::Status::assumed, "slow"};
  expect_close(seconds(machine, "nvls", Collective::reduce_scatter),
               call + hop + size * 9 / 8 / 1e9);
}

TEST(Nvls, CountsEveryContributionOnce) {
  for (const std::int64_t n : {2, 5, 8}) {
    const Machine machine = servers(n, 3, 0.8);
    for (const char* text : {"nvls(nvlink)+doubletree(node)", "nvls(nvlink)+ring(node)"})
      EXPECT_TRUE(kernels::verify(kernels::build(Collective::all_reduce, machine, text)).ok);
    const auto one = kernels::build(Collective::reduce_scatter, server(n, 0.8), "nvls");
    EXPECT_TRUE(kernels::verify(one).ok);
  }
}

TEST(Nvls, NeedsASwitchThatAddsUp) {
  fixtures::expect_mentions(
      fixtures::refusal(
          [] { (void)kernels::build(Collective::all_reduce, server(8), "nvls(nvlink)"); }),
      "level 'nvlink' has no in_switch");
  for (const std::string& text : kernels::candidates(Collective::all_reduce, server(8)))
    EXPECT_EQ(text.find("nvls"), std::string::npos);
}

// A port need not carry more than the vector once each way; two members have nothing to gain.
TEST(Nvls, BoundOfAnAllReduce) {
  const auto bound = [](Collective collective, const Machine& machine) {
    return kernels::lower_bound(collective, machine, Bytes(size)).bandwidth.value();
  };
  expect_close(bound(Collective::all_reduce, server(8, 0.8)), size / rate);
  expect_close(bound(Collective::all_reduce, server(8)), size * 2 * 7 / 8 / rate);
  expect_close(bound(Collective::all_reduce, server(2, 0.8)), size / rate);
  EXPECT_EQ(bound(Collective::all_reduce, server(1, 0.8)), 0);
  expect_close(bound(Collective::reduce_scatter, server(8, 0.8)), size * 7 / 8 / rate);
  // Between servers nothing is added up: 2 (1/8 - 1/16) of the vector through each port.
  expect_close(bound(Collective::all_reduce, servers(8, 2, 0.8)), size / 8 / (rate / 10));
}

TEST(Mesh, AsManyLinksAsPeers) {
  for (const std::int64_t n : {2, 4, 8}) {
    const Machine machine = fixtures::machine({{"fabric", LevelShape::mesh, n}}, hop);
    const auto peers = static_cast<double>(n - 1);
    expect_close(seconds(machine, "direct", Collective::all_gather),
                 hop + size * peers / static_cast<double>(n) / (peers * rate));
  }
  const Machine part = topology::slice(fixtures::machine({{"fabric", LevelShape::mesh, 8}}), 3);
  expect_close(part.levels.front().injection().value(), 2 * rate);
}

TEST(PublishedMachine, RowsOverrideServersAndNetwork) {
  const auto published = published_machine({.chip = "H100-80", .chips = 32});
  EXPECT_EQ(published.algorithm, "nccl");
  EXPECT_EQ(published.machine.chip.name, "h100");
  ASSERT_EQ(published.machine.levels.size(), 2U);
  EXPECT_EQ(published.machine.levels[0].extent, 8);
  EXPECT_EQ(published.machine.levels[1].extent, 4);
  const Machine other =
      published_machine({.chip = "H200-141", .chips = 32, .node_size = 4, .net_gbps = 200}).machine;
  EXPECT_EQ(other.chip.name, "h200");
  EXPECT_EQ(other.levels[0].extent, 4);
  EXPECT_EQ(other.levels[1].extent, 8);
  EXPECT_EQ(other.levels[1].bandwidth.value, BytesPerSecond(25e9));
  const Machine alone =
      published_machine({.chip = "A100-80", .chips = 2, .node_size = 1, .net_gbps = 200}).machine;
  EXPECT_EQ(alone.levels[0].bandwidth.value,
            published_machine("A100-80", 2, 1, 200).levels[0].bandwidth.value);
  ASSERT_EQ(alone.levels.size(), 1U);
  EXPECT_EQ(alone.levels[0].shape, LevelShape::clos);
}

TEST(PublishedMachine, RacksOfMoreThanOneServer) {
  EXPECT_TRUE(bench::domain_spans_servers("GB200-192"));
  EXPECT_FALSE(bench::domain_spans_servers("H100-80"));
  const auto extents = [](std::int64_t chips) {
    std::vector<std::int64_t> all;
    for (const auto& level :
         published_machine({.chip = "GB200-192", .chips = chips}).machine.levels)
      all.push_back(level.extent);
    return all;
  };
  EXPECT_EQ(extents(18), (std::vector<std::int64_t>{18}));
  EXPECT_EQ(extents(1440), (std::vector<std::int64_t>{72, 20}));
  EXPECT_EQ(extents(128), (std::vector<std::int64_t>{64, 2}));  // spread evenly
}

TEST(PublishedMachine, SlicesOfATorusAreBalancedAndMayBeOpen) {
  const auto shape = [](const char* chip, std::int64_t chips, std::int64_t slice = 0) {
    return published_machine({.chip = chip, .chips = chips, .node_size = slice}).machine.levels;
  };
  const auto v5p = shape("TPUv5p", 512, 512);
  ASSERT_EQ(v5p.size(), 3U);
  for (const auto& level : v5p) {
    EXPECT_EQ(level.extent, 8);
    EXPECT_EQ(level.bandwidth.value, BytesPerSecond(90e9));
  }
  const auto v6e = shape("TPUv6e", 32, 32);
  ASSERT_EQ(v6e.size(), 2U);
  EXPECT_EQ(v6e[0].extent, 4);
  EXPECT_EQ(v6e[1].extent, 8);
  EXPECT_EQ(v6e[1].bandwidth.value, BytesPerSecond(45e9));  // a line, not a ring
  const auto pods = shape("TPUv6e", 1024);
  ASSERT_EQ(pods.size(), 3U);
  EXPECT_EQ(pods[1].extent, 16);
  EXPECT_EQ(pods[1].bandwidth.value, BytesPerSecond(90e9));
  EXPECT_EQ(pods[2].extent, 4);
  const auto by_host = shape("TPUv6e", 1024, 4);  // chips of a host: the slice goes on beyond it
  ASSERT_EQ(by_host.size(), 3U);
  EXPECT_EQ(by_host[1].extent, 16);
  const auto slices = shape("TPUv5p", 128, 64);
  ASSERT_EQ(slices.size(), 4U);
  EXPECT_EQ(slices[3].extent, 2);
  EXPECT_EQ(slices[3].bandwidth.value, BytesPerSecond(6.25e9));
}

TEST(PublishedMachine, SoftwareAndServersMayHaveFiguresOfTheirOwn) {
  const auto system = [](const bench::PublishedSite& site) {
    return published_machine(site).machine.name;
  };
  EXPECT_EQ(system({.chip = "H100-80", .chips = 8, .where = "XLA profiler"}), "8 of h100-xla");
  EXPECT_EQ(system({.chip = "H100-80", .chips = 16, .where = "EFA"}), "16 of h100-cloud");
  EXPECT_EQ(system({.chip = "H100-80", .chips = 16}), "16 of h100-dgx");
  EXPECT_EQ(system({.chip = "V100-32", .chips = 8}), "8 of v100-dgx1");
  EXPECT_EQ(system({.chip = "V100-32", .chips = 64, .node_size = 16}), "64 of v100-dgx2h");
  EXPECT_EQ(bench::full_domain({.chip = "V100-32", .chips = 64, .node_size = 16}), 16);
}

TEST(PublishedMachine, SlipsAreAnswered) {
  const auto refusal = [](const bench::PublishedSite& site) {
    return fixtures::refusal([&site] { (void)published_machine(site); });
  };
  fixtures::expect_mentions(refusal({.chip = "H100-81", .chips = 8}), "did you mean 'H100-80'");
  fixtures::expect_mentions(refusal({.chip = "trn1", .chips = 3, .where = "nccom-test"}),
                            "3 ranks of trn1 do not divide into groups of 2");
}

std::vector<bench::Comparison> validated(const std::string& lines) {
  const fixtures::Scratch scratch;
  const std::string head =
      "id,set,quality,chip,collective,algo,nodes,chips,bytes,time_us,link,software\n";
  return bench::validate_collectives(
      bench::read_published(scratch.write("rows.csv", head + lines)));
}

TEST(CollectiveRows, EachIsPredictedOrSaysWhyNot) {
  const auto all = validated(
      "a,s,A,H100-80,all-reduce,NCCL auto,1,8,1048576,42,NVLink,nccl-tests\n"
      "b,s,B,Abacus,all-reduce,,1,8,1048576,42,,\n"
      "c,s,B,H800-80,moe-dispatch,DeepEP,2,16,,,IB,DeepEP\n"
      "d,s,B,H100-80,gossip,,1,8,8,42,,\n");
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0].id, "a");
  EXPECT_EQ(all[0].measured, Seconds(42e-6));
  ASSERT_TRUE(all[0].predicted.has_value());
  const auto here = published_machine({.chip = "H100-80", .chips = 8}).machine;
  EXPECT_EQ(*all[0].predicted, predict(Collective::all_reduce, here, Bytes(1 << 20), "nccl").time);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_FALSE(all[i].predicted.has_value()) << i;
  fixtures::expect_mentions(all[1].reason, "unknown chip 'Abacus'");
  fixtures::expect_mentions(all[2].reason, "no size");
  fixtures::expect_mentions(all[3].reason, "gossip");
}

TEST(CollectiveRows, TheAlgorithmThatRan) {
  const auto all = validated(
      "a,s,A,B200-180,all-reduce,Ring (NVLS off),1,8,8589934592,42,,\n"
      "b,s,A,B200-180,all-reduce,NVLS (SHARP),1,8,1024,42,,\n"
      "c,s,A,B200-180,all-gather,\"Ring, 16 channels\",1,8,1024,42,,\n");
  EXPECT_EQ(all[0].reason.substr(0, 9), "nccl:ring");
  EXPECT_EQ(all[1].reason.substr(0, 9), "nccl:nvls");
  EXPECT_EQ(all[2].reason.substr(0, 9), "nccl:ring");
}

// 1 GiB over 2 servers, so that the network binds: its rate as the text of the link has it.
TEST(CollectiveRows, TheNetworksRateIsRead) {
  const auto at = [](const char* link, double gbps) {
    const auto all = validated(
        fmt::format("a,s,A,A100-80,all-gather,,2,16,1073741824,42,{},nccl-tests\n", link));
    const Machine machine =
        published_machine({.chip = "A100-80", .chips = 16, .node_size = 8, .net_gbps = gbps})
            .machine;
    EXPECT_EQ(*all[0].predicted,
              predict(Collective::all_gather, machine, Bytes(1 << 30), "nccl").time)
        << link;
  };
  at("NVLink; 16x50 Gb/s per node", 100);
  at("8x100 Gb/s HDR per node", 100);
  at("2x200 Gb/s IB per 4-GPU node", 100);
  at("100 Gb/s per GPU", 100);
  at("100 Gb/s IB per GPU", 100);
  at("IB 8x100 Gb/s", 100);
  at("Omni-Path", 0);
}

TEST(CollectiveRows, TwoCoresBringTheBytesOfOneChip) {
  const auto all = validated("a,s,B,TPU7x,all-gather,XLA,1,4,16777216,42,ICI,JAX\n");
  const auto here = published_machine({.chip = "TPU7x", .chips = 4});
  EXPECT_EQ(*all[0].predicted,
            predict(Collective::all_gather, here.machine, Bytes(2 << 24), "auto").time);
}

}  // namespace
