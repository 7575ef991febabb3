// Distributed matmuls, for people and for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bench/distributed/matmul_measurement.hpp"
#include "bench/distributed/matmul_prediction.hpp"
#include "kernels/distributed/distributed_matmul.hpp"
#include "topology/quantity.hpp"

namespace bench {

struct MatmulRow {
  kernels::DistributedMatmul program;
  MatmulPrediction prediction;
  std::optional<MatmulMeasurement> measurement;  ///< then the prediction is of this machine
};

/// Of one rank or chip.
[[nodiscard]] topology::FlopsPerSecond rate(const kernels::DistributedMatmul& program,
                                            topology::Seconds time);

/// @param peak of a chip, as advertised
void print_predicted(const std::vector<MatmulRow>& rows, topology::FlopsPerSecond peak);
void print_measured(const std::vector<MatmulRow>& rows);

/// One object a row.
void print_json(const std::vector<MatmulRow>& rows, topology::FlopsPerSecond peak);

}  // namespace bench
