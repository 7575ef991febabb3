// The distributed matmuls, by name. Each has a file of its own, whose header says what it does.
#pragma once

#include <string>
#include <vector>

#include "kernels/distributed/distributed_matmul.hpp"

namespace kernels {

/// "allgather", "reducescatter", "summa", "cannon", "2.5d".
[[nodiscard]] const std::vector<std::string>& distributed_algorithms();

/// @throws Error(usage) for another name, a shape with nothing in it, or a grid that the algorithm
/// does not run on; says which it does
[[nodiscard]] DistributedMatmul distributed_matmul(const std::string& algorithm,
                                                   const Gemm& shape,
                                                   const ProcessGrid& grid);

/// All grids of so many ranks that the algorithm runs on; none: of Cannon and 2.5D where ranks are
/// no s x s or s x s x c.
[[nodiscard]] std::vector<ProcessGrid> grids(const std::string& algorithm, std::int64_t ranks);

// Each of them, on a grid that it runs on.
[[nodiscard]] DistributedMatmul all_gather_matmul(const Gemm& shape, const ProcessGrid& grid);
[[nodiscard]] DistributedMatmul matmul_reduce_scatter(const Gemm& shape, const ProcessGrid& grid);
[[nodiscard]] DistributedMatmul summa(const Gemm& shape, const ProcessGrid& grid);
[[nodiscard]] DistributedMatmul cannon(const Gemm& shape, const ProcessGrid& grid);

}  // namespace kernels
