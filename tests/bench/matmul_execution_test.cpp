// Real ranks, real matrices: every algorithm on every grid of the job leaves what the reference
// does, moves the bytes that its program has, and a broken program is caught. Under mpirun at 1, 2,
// 4, 8, 9 and 16 ranks.
#include "bench/distributed/matmul_execution.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <mpi.h>

#include "bench/distributed/matmul_measurement.hpp"
#include "bench/executor/ranks.hpp"
#include "kernels/distributed/algorithms.hpp"
#include "topology/error.hpp"

namespace {

using kernels::DistributedMatmul;
using kernels::Gemm;
using topology::DataType;

constexpr double all_elements = 1e18;

std::vector<DistributedMatmul> programs(const Gemm& shape) {
  std::vector<DistributedMatmul> all;
  for (const std::string& algorithm : kernels::distributed_algorithms())
    for (const kernels::ProcessGrid& grid : kernels::grids(algorithm, bench::world().size))
      all.push_back(kernels::distributed_matmul(algorithm, shape, grid));
  return all;
}

void expect_right(const DistributedMatmul& program) {
  const std::string what = program.algorithm + " on " + program.grid.text() + " in " +
                           topology::name(program.shape.type);
  const auto execution = bench::make_execution(program);
  for (int again = 0; again < 2; ++again) execution->run();
  const bench::Checked checked = execution->check(all_elements);
  EXPECT_EQ(checked.elements, program.shape.m * program.shape.n) << what;
  EXPECT_EQ(checked.wrong, 0) << what;
  EXPECT_EQ(execution->moved(), wire_bytes(program, program.grid.place(bench::world().rank)))
      << what;
}

TEST(MatmulExecution, EqualsTheReference) {
  for (const DataType type : {DataType::f32, DataType::f64, DataType::bf16, DataType::i8})
    for (const DistributedMatmul& program : programs({48, 64, 80, type})) expect_right(program);
}

TEST(MatmulExecution, EqualsTheReferenceWhereRanksDoNotDivideTheShape) {
  for (const Gemm& shape : {Gemm{37, 53, 29, DataType::f32},
                            Gemm{211, 19, 101, DataType::bf16},
                            Gemm{29, 31, 37, DataType::i8}})
    for (const DistributedMatmul& program : programs(shape)) expect_right(program);
}

TEST(MatmulExecution, EqualsTheReferenceWhereRanksHaveNothing) {
  for (const Gemm& shape :
       {Gemm{1, 1, 1, DataType::f32}, Gemm{3, 5, 2, DataType::f64}, Gemm{5, 2, 3, DataType::i8}})
    for (const DistributedMatmul& program : programs(shape)) expect_right(program);
}

TEST(MatmulExecution, ABrokenProgramIsCaught) {
  int broken = 0;
  for (DistributedMatmul program : programs({144, 144, 144, DataType::i8})) {
    // Blocks go around the wrong way.
    if (program.a.motion != kernels::Motion::ring || program.grid.columns < 3) continue;
    program.a.direction = -program.a.direction;
    const auto execution = bench::make_execution(program);
    execution->run();
    EXPECT_GT(execution->check(all_elements).wrong, 0) << program.algorithm;
    ++broken;
  }
  EXPECT_EQ(broken > 0, bench::world().size > 2);
}

TEST(MatmulExecution, ChecksEvenlySpacedRowsOfWhatIsTooMuch) {
  const Gemm shape{64, 32, 16, DataType::f32};
  const DistributedMatmul program =
      kernels::distributed_matmul("summa", shape, {1, bench::world().size, 1});
  const auto execution = bench::make_execution(program);
  execution->run();
  const double of_a_rank = 64.0 * 32 * 16 / bench::world().size;
  const bench::Checked checked = execution->check(of_a_rank / 4);
  EXPECT_EQ(checked.wrong, 0);
  EXPECT_GE(checked.elements, 64 * 32 / 5);
  EXPECT_LE(checked.elements, 64 * 32 / 3);
}

TEST(MatmulExecution, RefusesGridsAndTypesThatItCannotRun) {
  const auto run = [](const Gemm& shape, const kernels::ProcessGrid& grid) {
    (void)bench::make_execution(kernels::distributed_matmul("summa", shape, grid));
  };
  const std::int64_t ranks = bench::world().size;
  EXPECT_THROW(run({8, 8, 8, DataType::f32}, {ranks + 1, 1, 1}), topology::Error);
  EXPECT_THROW(run({8, 8, 8, DataType::fp8}, {ranks, 1, 1}), topology::Error);
  EXPECT_THROW(run({1 << 20, 8, 1 << 20, DataType::f32}, {ranks, 1, 1}), topology::Error);
}

TEST(MatmulMeasurement, SamplesAreThoseOfAllRanks) {
  const DistributedMatmul program = kernels::distributed_matmul(
      "summa", {144, 144, 144, DataType::f32}, {1, bench::world().size, 1});
  const bench::MatmulMeasurement m = bench::measure(program, {1, 3, true});
  ASSERT_EQ(m.seconds.size(), 3U);
  ASSERT_EQ(m.alone.size(), 3U);
  std::vector<double> first = m.seconds;
  MPI_Bcast(first.data(), 3, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  EXPECT_EQ(first, m.seconds);
  EXPECT_GT(*std::min_element(m.seconds.begin(), m.seconds.end()), 0);
  EXPECT_EQ(m.moved, most_wire_bytes(program));
  EXPECT_EQ(m.checked.elements, 144 * 144);
  EXPECT_EQ(m.checked.wrong, 0);
}

}  // namespace
