// Checks on what callers hand to a matmul.
#pragma once

#include <cstddef>

#include "kernels/matmul/gemm.hpp"

namespace kernels {

/// @param type what the spans hold; @param a, b, c their lengths, of all of a batch.
/// @throws Error(usage) naming the operand, its length and the length the shape asks for.
void check_operands(const Gemm& shape,
                    topology::DataType type,
                    std::size_t a,
                    std::size_t b,
                    std::size_t c,
                    std::int64_t batch = 1);

}  // namespace kernels
