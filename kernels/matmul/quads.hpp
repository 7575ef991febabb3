// Products of u8 x s8 that AVX2 multiplies and sums in pairs within 16 bits, four a lane: exact as
// long as no byte of A is above 127, what makers of quantised models call a reduced range, for this
// very instruction's sake. With others bytes are widened to 16 bits.
#pragma once

#include <cstdint>

#include "kernels/matmul/block.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// Where Highway's choice of target is AVX2. They look at A and take the fastest way that is exact;
/// packed weights are kept in the order of both ways, three bytes each.
[[nodiscard]] const KernelsI8& quad_kernels();

/// Independent chains of them, to find their peak rate. @return operations done
[[nodiscard]] topology::Flops run_quad_chains(std::int64_t steps);

}  // namespace kernels
