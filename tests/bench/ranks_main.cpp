// The main of tests that run under mpirun: MPI around all of them, rank 0's word printed.
#include <gtest/gtest.h>

#include "bench/executor/mpi.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  const bench::MpiSession mpi;
  if (mpi.rank() != 0) {
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    delete listeners.Release(listeners.default_result_printer());
  }
  const int failed = RUN_ALL_TESTS();
  bench::MpiSession::wait_idle();
  return failed;
}
