// Products of bf16 and of u8 x s8 that one instruction multiplies and sums, two or four a lane:
// AVX-512 BF16 and VNNI, which Debian's Highway (1.0.3) does not have.
#pragma once

#include "kernels/matmul/block.hpp"
#include "topology/chip.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// Does this CPU have them for bf16 or i8, with AVX-512 not ruled out by Highway's choice of
/// target?
[[nodiscard]] bool has_dot(topology::DataType type);

/// Tests and comparisons may rule them out.
void allow_dot(bool allowed);

/// Where `has_dot`. Subnormal bf16 count as zero: the instruction takes and leaves none.
[[nodiscard]] const KernelsBf16& dot_kernels_bf16();
[[nodiscard]] const KernelsI8& dot_kernels_i8();

/// Independent chains of them, to find their peak rate. @return operations done
[[nodiscard]] topology::Flops run_dot_chains(topology::DataType type, std::int64_t steps);

}  // namespace kernels
