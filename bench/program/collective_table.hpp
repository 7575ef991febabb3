// The table that `rainier collective` prints: nccl-tests' columns, then what the model says.
// Its header lines are an interface (scripts key on them): version 1.
#pragma once

#include <cstdint>
#include <string>

#include "bench/executor/measure.hpp"
#include "bench/executor/predict.hpp"
#include "kernels/collective/collective.hpp"
#include "topology/chip.hpp"

namespace bench {

/// One row: what was asked, and what came out.
struct CollectiveRow {
  kernels::Collective collective = kernels::Collective::all_reduce;
  std::int64_t ranks = 0;
  std::int64_t bytes = 0;
  std::int64_t count = 0;
  topology::DataType type = topology::DataType::f32;
  std::string op;  ///< "none" where nothing is reduced
  Prediction prediction;
  Measurement out_of_place;  ///< empty when only predicted
  Measurement in_place;
};

/// Bytes per second over time: algorithm and bus bandwidth in GB/s (10^9).
[[nodiscard]] double algbw_gbps(const CollectiveRow& row, double seconds);
[[nodiscard]] double busbw_gbps(const CollectiveRow& row, double seconds);

enum class TableStyle { text, csv };

void print_measured_header(TableStyle style);
void print_measured(const CollectiveRow& row, TableStyle style);
void print_predicted_header(TableStyle style);
void print_predicted(const CollectiveRow& row, TableStyle style);

}  // namespace bench
