// Real ranks, real buffers: every algorithm gives the right elements and a broken schedule is
// caught. Runs under mpirun at 1, 3 and 4 ranks; expectations are formulas in the number of ranks.
#include "bench/executor/measure.hpp"

#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>
#include <mpi.h>

#include "tests/bench/ranks.hpp"
#include "tests/sanitized.hpp"
#include "topology/error.hpp"

namespace {

using bench::Lowering;
using bench::MeasureOptions;
using bench::Operator;
using fixtures::groups_of_ranks;
using fixtures::ranks;
using fixtures::schedules_for_ranks;
using kernels::Collective;
using topology::DataType;

MeasureOptions options(DataType type, Operator op, Lowering lowering = Lowering::messages) {
  MeasureOptions o;
  o.lowerings = {lowering};
  o.symmetric = lowering == Lowering::symmetric;
  o.type = type;
  o.op = op;
  o.warmup = 0;
  o.samples = 2;
  return o;
}

void expect_right(const kernels::Schedule& schedule,
                  std::int64_t count,
                  DataType type,
                  Operator op,
                  Lowering lowering) {
  bench::Measure measure(schedule, count, options(type, op, lowering));
  for (const bool in_place : {false, true}) {
    const bench::Measurement m = measure.run(in_place).front();
    EXPECT_EQ(m.wrong, 0) << kernels::info(schedule.collective).name << " " << schedule.algorithm
                          << " " << topology::name(type) << " " << bench::name(op) << " count "
                          << count << (in_place ? " in place" : "") << ", "
                          << bench::name(lowering);
    EXPECT_EQ(m.seconds.size(), 2U);
    EXPECT_GT(m.median(), 0);
  }
}

TEST(Measure, EveryAlgorithmTypeAndOperator) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  for (const auto& group : groups_of_ranks())
    for (const kernels::CollectiveInfo& row : kernels::collectives())
      for (const kernels::Schedule& schedule : schedules_for_ranks(row.id, group)) {
        for (const DataType type : {DataType::f32, DataType::f64, DataType::i32, DataType::bf16})
          for (const Operator op : {Operator::sum, Operator::max}) {
            // With sanitizers sums of 4 bytes and of 2; Combine has all types and operators.
            const bool others = type == DataType::f64 || type == DataType::i32;
            if (fixtures::sanitized && (others || op == Operator::max)) continue;
            for (const Lowering lowering : {Lowering::messages, Lowering::host})
              expect_right(schedule, ranks() * 57, type, op, lowering);
          }
      }
}

TEST(Measure, AllReduceOfAnyCount) {
  std::vector<std::int64_t> counts{1, 2, 3, 5, 7, 64, 1021};
  if (fixtures::sanitized) counts = {1, 3, 1021};
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  for (const auto& group : groups_of_ranks())
    for (const kernels::Schedule& schedule : schedules_for_ranks(Collective::all_reduce, group))
      for (const std::int64_t count : counts)
        for (const Lowering lowering : {Lowering::messages, Lowering::host})
          expect_right(schedule, count, DataType::f32, Operator::sum, lowering);
}

TEST(Measure, AWindowBeginsAtOneTimeOnAllRanks) {
  bench::StartLine line(bench::Start::window);
  int in_time = 0;
  for (int i = 0; i < 20; ++i) {
    const double begin = line.wait();
    EXPECT_GE(bench::clock_seconds(), begin);
    in_time += line.all_in_time() ? 1 : 0;
    double least = 0;
    double most = 0;
    MPI_Allreduce(&begin, &least, 1, MPI_DOUBLE, MPI_MIN, MPI_COMM_WORLD);
    MPI_Allreduce(&begin, &most, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    EXPECT_EQ(least, most);
  }
  EXPECT_GT(in_time, 0);
}

/// More segments than slots, the last one shorter.
TEST(Measure, SharedMemoryInManySegments) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  for (const kernels::CollectiveInfo& row : kernels::collectives())
    for (const kernels::Schedule& schedule :
         schedules_for_ranks(row.id, fixtures::switched(ranks())))
      expect_right(schedule, ranks() * 150001, DataType::f32, Operator::sum, Lowering::host);
}

/// Also where what arrives is added to what is still being sent, as in recursive doubling.
TEST(Measure, MessagesInManyParts) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  for (const char* algorithm : {"doubling", "direct", "ring"})
    for (int i = 0; i < 2; ++i)
      expect_right(kernels::build(Collective::all_reduce, fixtures::switched(ranks()), algorithm),
                   ranks() * 700001,
                   DataType::f32,
                   Operator::sum,
                   Lowering::messages);
}

/// Vectors that are more than a cache holds.
TEST(Measure, SharedMemoryPastTheCache) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  for (const char* algorithm : {"oneshot", "direct"})
    expect_right(kernels::build(Collective::all_reduce, fixtures::switched(ranks()), algorithm),
                 6000007,
                 DataType::f32,
                 Operator::sum,
                 Lowering::host);
}

/// MPI's own calls, which ours are compared with.
TEST(Measure, TheLibrary) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  for (const kernels::CollectiveInfo& row : kernels::collectives())
    for (const kernels::Schedule& schedule :
         schedules_for_ranks(row.id, fixtures::switched(ranks())))
      for (const DataType type : {DataType::f32, DataType::f64, DataType::i32})
        for (const Operator op : {Operator::sum, Operator::max})
          expect_right(schedule, ranks() * 257, type, op, Lowering::library);
}

TEST(Measure, SymmetricBuffers) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  for (const kernels::CollectiveInfo& row : kernels::collectives()) {
    if (row.rooted() || row.traffic == 0) continue;
    const auto schedule = kernels::build(row.id, fixtures::switched(ranks()), "direct");
    for (const DataType type : {DataType::f32, DataType::f64, DataType::i32, DataType::bf16})
      for (const Operator op : {Operator::sum, Operator::max})
        for (const std::int64_t chunk : {1, 57})
          expect_right(schedule, ranks() * chunk, type, op, Lowering::symmetric);
    expect_right(schedule, ranks() * 1500007, DataType::f32, Operator::sum, Lowering::symmetric);
    EXPECT_THROW(
        expect_right(kernels::build(row.id,
                                    fixtures::switched(ranks()),
                                    row.id == Collective::all_to_all ? "pairwise" : "ring"),
                     ranks() * 8,
                     DataType::f32,
                     Operator::sum,
                     Lowering::symmetric),
        topology::Error);
  }
}

/// What ranks write for others goes around the caches, and of large vectors the outputs, too.
TEST(Measure, RanksThatAreFarFromEachOther) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  setenv("RAINIER_OTHERS", "far", 1);
  const auto group = fixtures::switched(ranks());
  for (const kernels::CollectiveInfo& row : kernels::collectives())
    for (const kernels::Schedule& schedule : schedules_for_ranks(row.id, group))
      for (const DataType type : {DataType::f32, DataType::bf16})
        for (const std::int64_t chunk : {1, 57, 33333})
          expect_right(schedule, ranks() * chunk, type, Operator::sum, Lowering::host);
  const auto direct = kernels::build(Collective::all_reduce, group, "direct");
  for (const std::int64_t count : {1021, 300007})
    for (const Lowering lowering : {Lowering::host, Lowering::symmetric})
      expect_right(direct, count, DataType::f32, Operator::sum, lowering);
  unsetenv("RAINIER_OTHERS");
}

/// Several ways in turns: as many samples of each.
TEST(Measure, WaysTakeTurns) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  MeasureOptions o = options(DataType::f32, Operator::sum);
  o.lowerings = {Lowering::host, Lowering::library, Lowering::messages};
  o.samples = 7;
  const auto schedule = kernels::build(Collective::all_reduce, fixtures::switched(ranks()), "ring");
  bench::Measure measure(schedule, 1000, o);
  const auto all = measure.run(false);
  ASSERT_EQ(all.size(), 3U);
  for (const bench::Measurement& m : all) {
    EXPECT_EQ(m.seconds.size(), 7U);
    EXPECT_EQ(m.wrong, 0);
  }
}

/// Floats whose sum depends on the order: all ranks have the same bits all the same.
void expect_same_bits(const kernels::Schedule& schedule, Lowering lowering) {
  constexpr std::int64_t count = 5003;
  std::vector<float> input(count);
  std::vector<float> output(count);
  for (std::size_t i = 0; i < input.size(); ++i)
    input[i] = std::sin(static_cast<float>(i) + 1000 * static_cast<float>(bench::world().rank));
  const auto operation =
      bench::make_operation(lowering, schedule, {count, DataType::f32, Operator::sum});
  operation->out_of_place(std::as_bytes(std::span(input)),
                          std::as_writable_bytes(std::span(output)));
  std::vector<float> first = output;
  MPI_Bcast(first.data(), static_cast<int>(count), MPI_FLOAT, 0, MPI_COMM_WORLD);
  EXPECT_EQ(first, output) << schedule.algorithm;
}

TEST(Measure, AllRanksHaveTheSameBits) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  for (const auto& group : groups_of_ranks())
    for (const kernels::Schedule& schedule : schedules_for_ranks(Collective::all_reduce, group))
      expect_same_bits(schedule, Lowering::host);
  expect_same_bits(kernels::build(Collective::all_reduce, groups_of_ranks().front(), "direct"),
                   Lowering::messages);
}

/// A ring whose chunks are one off: runs to the end, and every check must fail.
TEST(Measure, AWrongScheduleIsCaught) {
  if (ranks() < 2) GTEST_SKIP() << "needs two ranks";
  auto schedule = kernels::build(Collective::all_reduce, fixtures::switched(ranks()), "ring");
  auto& down = std::get<kernels::Sequence>(std::get<kernels::Sequence>(schedule.root).steps[0]);
  auto& loop = std::get<kernels::Loop>(down.steps[0]);
  std::get<kernels::Exchange>(loop.body[0]).chunks[0].start.base += 1;
  for (const Lowering lowering : {Lowering::messages, Lowering::host}) {
    bench::Measure measure(schedule, ranks() * 64, options(DataType::f32, Operator::sum, lowering));
    EXPECT_GT(measure.run(false).front().wrong, 0);
    EXPECT_GT(measure.run(true).front().wrong, 0);
  }
}

TEST(Elements, RoundsDownToWholeChunksAndRefusesTheRest) {
  EXPECT_EQ(bench::elements(Collective::all_reduce, 20, DataType::f32, 3), 5);
  EXPECT_EQ(bench::elements(Collective::all_gather, 64, DataType::f32, 3), 15);
  EXPECT_THROW((void)bench::elements(Collective::all_reduce, 10, DataType::f32, 2),
               topology::Error);
  EXPECT_THROW((void)bench::elements(Collective::all_to_all, 8, DataType::f32, 3), topology::Error);
}

}  // namespace
