// What the main functions of the matmul benchmarks share.
#pragma once

#include <functional>

namespace bench {

/// Registers benchmarks for RAINIER_MATMUL_THREADS threads, or `threads` where it is not set, and
/// runs those that the flags of Google Benchmark choose.
/// @return exit code: 0, or 2 with a message for flags, a number of threads or whatever else fails
int run_matmul_suite(int argc,
                     char** argv,
                     int threads,
                     const std::function<void(int threads)>& add_benchmarks);

}  // namespace bench
