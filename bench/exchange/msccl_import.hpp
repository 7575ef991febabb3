// An algorithm of MSCCL as a program: run once, thread block by thread block, without data.
#pragma once

#include "bench/exchange/msccl_file.hpp"
#include "kernels/collective/program.hpp"

namespace bench {

/// Thread blocks go on as far as they can: a step begins when the one before it has ended, and the
/// one that it waits for; what is sent waits for no receiver. A send and what receives it take
/// place in the first round in which both can; what arrives before it is received waits in scratch.
/// @throws Error(usage) with file and line where nobody can go on, where a message is not received
/// or not sent, and where two thread blocks use the same chunk in no order
[[nodiscard]] kernels::Program program_of(const MscclAlgorithm& algorithm);

}  // namespace bench
