// What the vector units can do at most, to divide measured rates by.
#pragma once

#include <cstdint>

#include "topology/chip.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// Runs independent chains of multiply-adds in registers on the calling thread, `steps` long: those
/// that a matmul of `type` is made of at best, which are dot products of bf16 and i8 where the CPU
/// has them, else floats and sums of products of bytes (of up to 127 on AVX2: quads.hpp), and
/// doubles for f64. The clock of a CPU drifts by several percent, so time this right beside what it
/// is compared with; 100,000 steps take a few milliseconds. @return the work done
topology::Flops run_fma_chains(topology::DataType type, std::int64_t steps);

}  // namespace kernels
