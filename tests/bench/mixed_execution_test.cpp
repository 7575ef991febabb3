// Several hosts, pretended on one: through shared memory on each and by messages between them, on
// real ranks, with every element checked.
#include "bench/executor/mixed_execution.hpp"

#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>

#include <gtest/gtest.h>
#include <mpi.h>

#include "bench/executor/fit.hpp"
#include "bench/executor/host_ranks.hpp"
#include "bench/executor/measure.hpp"
#include "bench/executor/ranks.hpp"
#include "bench/program/collective_row.hpp"
#include "kernels/collective/algorithms.hpp"
#include "tests/kernels/collective/machines.hpp"
#include "tests/topology/scratch.hpp"
#include "topology/error.hpp"

namespace {

using bench::Lowering;
using bench::Operator;
using bench::world;
using kernels::Collective;
using kernels::Schedule;
using topology::DataType;

/// As if so many ranks in a row had a host for themselves.
class PretendedHosts {
 public:
  explicit PretendedHosts(int ranks_per_host) {
    setenv("RAINIER_RANKS_PER_HOST", std::to_string(ranks_per_host).c_str(), 1);
  }

  ~PretendedHosts() { unsetenv("RAINIER_RANKS_PER_HOST"); }

  PretendedHosts(const PretendedHosts&) = delete;
  PretendedHosts& operator=(const PretendedHosts&) = delete;
  PretendedHosts(PretendedHosts&&) = delete;
  PretendedHosts& operator=(PretendedHosts&&) = delete;
};

/// Of 4 ranks 2 + 2 and 3 + 1, of 6 also 2 + 2 + 2.
std::vector<int> ranks_per_host() {
  if (world().size < 4) return {2};
  return {2, 3};
}

/// Flat groups, and those whose first level is a host where hosts are of one size.
std::vector<topology::Machine> groups() {
  std::vector<topology::Machine> all{fixtures::switched(world().size),
                                     fixtures::torus({world().size})};
  for (const int each : {2, 3})
    if (world().size > each && world().size % each == 0)
      all.push_back(fixtures::torus({each, world().size / each}));
  return all;
}

std::vector<Schedule> schedules(Collective collective, const topology::Machine& group) {
  std::vector<Schedule> all;
  for (const std::string& text : kernels::candidates(collective, group))
    if (auto schedule = kernels::build(collective, group, text); bench::is_measurable(schedule))
      all.push_back(std::move(schedule));
  return all;
}

void expect_right(const Schedule& schedule,
                  std::int64_t count,
                  DataType type = DataType::f32,
                  Operator op = Operator::sum) {
  bench::MeasureOptions options;
  options.lowerings = {Lowering::mixed};
  options.type = type;
  options.op = op;
  options.warmup = 0;
  options.samples = 1;
  bench::Measure measure(schedule, count, options);
  for (const bool in_place : {false, true})
    EXPECT_EQ(measure.run(in_place).front().wrong, 0)
        << kernels::info(schedule.collective).name << " " << schedule.algorithm << " "
        << topology::name(type) << " " << bench::name(op) << " count " << count
        << (in_place ? " in place" : "");
}

TEST(HostRanks, KnowsWhoIsOnThisHost) {
  const int rank = world().rank;
  const PretendedHosts hosts(2);
  const bench::HostRanks here;
  ASSERT_EQ(here.places().size(), static_cast<std::size_t>(world().size));
  for (int r = 0; r < world().size; ++r)
    EXPECT_EQ(here.places()[static_cast<std::size_t>(r)],
              r / 2 == rank / 2 ? r % 2 : bench::HostRanks::elsewhere);
  EXPECT_EQ(here.most(), 2);
  EXPECT_EQ(here.on_each(), world().size % 2 == 0 ? 2 : 0);
}

TEST(MixedExecution, EveryAlgorithm) {
  for (const int each : ranks_per_host()) {
    const PretendedHosts hosts(each);
    for (const auto& group : groups())
      for (const kernels::CollectiveInfo& row : kernels::collectives())
        for (const Schedule& schedule : schedules(row.id, group))
          expect_right(schedule, world().size * 57);
  }
}

TEST(MixedExecution, EveryTypeAndOperator) {
  const PretendedHosts hosts(2);
  for (const char* algorithm : {"ring", "direct"})
    for (const DataType type : {DataType::f32, DataType::f64, DataType::i32, DataType::bf16})
      for (const Operator op : {Operator::sum, Operator::max})
        expect_right(
            kernels::build(Collective::all_reduce, groups().back(), algorithm), 1021, type, op);
}

/// Also fewer elements than ranks; of a collective with chunks one for each rank.
TEST(MixedExecution, AnyCount) {
  for (const int each : ranks_per_host()) {
    const PretendedHosts hosts(each);
    for (const kernels::CollectiveInfo& row : kernels::collectives())
      for (const Schedule& schedule : schedules(row.id, groups().back()))
        for (const std::int64_t count : {1, 3, 1021})
          expect_right(schedule, count * (row.chunked_ends ? world().size : 1));
  }
}

/// More segments than slots, the last one shorter; of one step, and of many. Phases of their own on
/// each level.
TEST(MixedExecution, ManySegments) {
  const PretendedHosts hosts((world().size + 1) / 2);
  for (const kernels::CollectiveInfo& row : kernels::collectives())
    for (const Schedule& schedule : schedules(row.id, groups().back()))
      if (schedule.algorithm.find('+') != std::string::npos ||
          schedule.algorithm.rfind("direct", 0) == 0)
        expect_right(schedule, world().size * 300001);
}

/// Floats whose sum depends on the order.
std::vector<float> inexact_sum(const Schedule& schedule) {
  constexpr std::int64_t count = 5003;
  std::vector<float> input(count);
  std::vector<float> output(count);
  for (std::size_t i = 0; i < input.size(); ++i)
    input[i] = std::sin(static_cast<float>(i) + 1000 * static_cast<float>(world().rank));
  const auto operation =
      bench::make_operation(Lowering::mixed, schedule, {count, DataType::f32, Operator::sum});
  operation->out_of_place(std::as_bytes(std::span(input)),
                          std::as_writable_bytes(std::span(output)));
  return output;
}

TEST(MixedExecution, AllRanksHaveTheSameBits) {
  for (const int each : ranks_per_host()) {
    const PretendedHosts hosts(each);
    for (const auto& group : groups())
      for (const Schedule& schedule : schedules(Collective::all_reduce, group)) {
        const std::vector<float> mine = inexact_sum(schedule);
        std::vector<float> first = mine;
        MPI_Bcast(first.data(), static_cast<int>(first.size()), MPI_FLOAT, 0, MPI_COMM_WORLD);
        EXPECT_EQ(first, mine) << schedule.algorithm;
      }
  }
}

/// Calls follow each other without a barrier, each with another input.
TEST(MixedExecution, CallsInARow) {
  constexpr std::int64_t count = 1021;
  const PretendedHosts hosts(2);
  const auto operation =
      bench::make_operation(Lowering::mixed,
                            kernels::build(Collective::all_reduce, groups().back(), "ring"),
                            {count, DataType::f32, Operator::sum});
  std::vector<float> input(count);
  std::vector<float> output(count);
  int wrong = 0;
  const int n = world().size;
  for (int call = 0; call < 2000; ++call) {
    input.assign(count, static_cast<float>(call % 100 + world().rank));
    operation->out_of_place(std::as_bytes(std::span(input)),
                            std::as_writable_bytes(std::span(output)));
    const auto sum = static_cast<float>(n * (call % 100) + n * (n - 1) / 2);
    if (output != std::vector<float>(count, sum)) ++wrong;
  }
  EXPECT_EQ(wrong, 0);
}

/// Levels that `--algorithm` can name.
TEST(Fit, HasALevelOfHosts) {
  const auto levels = [](Lowering lowering) {
    std::vector<std::string> names;
    for (const topology::Level& level : bench::fit_host(lowering, 4096).machine.levels)
      names.push_back(level.name);
    return names;
  };
  const PretendedHosts hosts(2);
  const bool even = world().size % 2 == 0;
  const std::vector<std::string> expected =
      even ? std::vector<std::string>{"ranks", "hosts"} : std::vector<std::string>{"ranks"};
  EXPECT_EQ(levels(Lowering::mixed), expected);
  EXPECT_EQ(levels(Lowering::messages), expected);
}

std::string refusal(const char* lowering) {
  try {
    (void)bench::lowerings(lowering);
  } catch (const topology::Error& error) {
    EXPECT_EQ(error.kind(), topology::ErrorKind::usage);
    return error.what();
  }
  return "";
}

TEST(Lowerings, MixedIsForSeveralHostsWithSeveralRanks) {
  EXPECT_EQ(bench::lowerings("auto"), (std::vector{Lowering::host, Lowering::messages}));
  fixtures::expect_mentions(refusal("mixed"), "--lowering host");
  {
    const PretendedHosts hosts(1);
    EXPECT_EQ(bench::lowerings("auto"), std::vector{Lowering::messages});
    fixtures::expect_mentions(refusal("mixed"), "--lowering messages");
    fixtures::expect_mentions(refusal("host"), "--lowering messages");
  }
  const PretendedHosts hosts(2);
  EXPECT_EQ(bench::lowerings("auto"), (std::vector{Lowering::mixed, Lowering::messages}));
  EXPECT_EQ(bench::lowerings("mixed"), std::vector{Lowering::mixed});
  fixtures::expect_mentions(refusal("host"), "--lowering mixed");
}

}  // namespace
