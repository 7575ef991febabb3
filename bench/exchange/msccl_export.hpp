// A program as an algorithm of MSCCL.
#pragma once

#include "bench/exchange/msccl_file.hpp"
#include "kernels/collective/program.hpp"

namespace bench {

/// A thread block for each rank that a rank sends to and each that it receives from. What a rank
/// does in a round waits for all that it did in the last round in which it did anything, as when it
/// is measured; a thread block that only waits gathers where many would wait for many.
/// @throws Error(usage) where the program's cells are not alike, or MSCCL has no such collective
[[nodiscard]] MscclAlgorithm msccl_of(const kernels::Program& program);

}  // namespace bench
