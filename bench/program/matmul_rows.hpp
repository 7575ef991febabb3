// Which grids and algorithms a distributed matmul is measured or predicted with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/distributed/matmul_measurement.hpp"
#include "bench/distributed/matmul_prediction.hpp"
#include "bench/program/matmul_table.hpp"
#include "kernels/matmul/gemm.hpp"
#include "topology/machine.hpp"

namespace bench {

struct MatmulOptions {
  kernels::Gemm shape{4096, 4096, 4096, topology::DataType::f32};
  std::string type = "f32";
  std::vector<std::string> algorithms;
  std::string grid;
  std::string system;
  std::vector<std::string> overrides;
  std::int64_t chips = 0;
  std::string machine;
  MatmulSampling sampling;
  int check = 1;
  bool json = false;
  std::string output;
  bool force = false;
};

/// Said before anything is fitted or measured. @throws Error(usage)
void check(const MatmulOptions& options, std::int64_t ranks);

/// Rows of the algorithms that were named, or of all that run on so many ranks: the grid that the
/// user wants, or the fastest. @throws Error(usage) where there is none
[[nodiscard]] std::vector<MatmulRow> rows_of(const MatmulOptions& options,
                                             const topology::Machine& machine,
                                             topology::FlopsPerSecond roof,
                                             const BlockTime& block_time);

}  // namespace bench
