// The tables of a results file. results/README.md describes them to users; a test compares the two.
#pragma once

#include <span>

#include "bench/record/column.hpp"

namespace bench {

inline constexpr const char* results_format = "rainier-results";
/// Readers refuse a newer major number; a minor one adds tables or columns.
inline constexpr const char* schema_version = "1.8";

struct Record {
  const char* group;
  const char* title;
  const char* signal;  ///< column that a viewer draws unasked; nullptr: none
  std::span<const Column> columns;
};

extern const Record systems_figures;
extern const Record modelled_collective;
extern const Record modelled_link_class;
extern const Record modelled_link;
extern const Record modelled_clock;
extern const Record modelled_chip;
extern const Record modelled_matmul;
extern const Record modelled_training;
extern const Record modelled_exposed;
extern const Record modelled_plan;
extern const Record modelled_generation;
extern const Record modelled_waterfall;
extern const Record modelled_free_resource;
extern const Record modelled_goodput;
extern const Record modelled_goodput_lever;
extern const Record modelled_goodput_run;
extern const Record modelled_distributed_matmul;
extern const Record measured_collective;
extern const Record measured_rank;
extern const Record measured_clock;
extern const Record measured_matmul;
extern const Record measured_distributed_matmul;
extern const Record measured_compute;
extern const Record measured_memory;

/// All of the above.
[[nodiscard]] std::span<const Record* const> records();

}  // namespace bench
