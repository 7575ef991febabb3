// What a distributed matmul must communicate, whatever the algorithm and however much memory.
#pragma once

#include <cstdint>

#include "kernels/distributed/distributed_matmul.hpp"

namespace kernels {

/// Elements that some of the ranks must send or receive, from and to one copy of each matrix, where
/// they share the work evenly; with d1 >= d2 >= d3 for m, n, k in order of size
///
///   D - (m n + m k + k n) / P
///   D = (d1 d2 + d1 d3) / P + d2 d3            P <= d1 / d2
///       2 sqrt(d1 d2 d3^2 / P) + d1 d2 / P     P <= d1 d2 / d3^2
///       3 (m n k / P)^(2/3)                    else
///
/// Al Daas, Ballard, Grigori, Kumar, Rouse: Tight memory-independent parallel matrix multiplication
/// communication lower bounds, SPAA 2022; to constants Irony, Toledo, Tiskin, JPDC 2004, and
/// Ballard, Demmel, Holtz, Lipshitz, Schwartz, SPAA 2012.
[[nodiscard]] double least_elements(const Gemm& shape, std::int64_t ranks);

/// Of a program, with every element as short as the shortest type. Replicas that begin with copies
/// of the weights are problems of their own.
[[nodiscard]] topology::Bytes least_wire_bytes(const DistributedMatmul& program);

}  // namespace kernels
