// Results as rows of the tables in the results file, cells in the order of the schema's columns.
#pragma once

#include "bench/program/collective_row.hpp"
#include "bench/program/run_file.hpp"
#include "bench/record/table.hpp"
#include "bench/suites/host_roofs.hpp"
#include "kernels/matmul/accelerator.hpp"

namespace bench {

[[nodiscard]] Table::Row modelled_row(const CollectiveRow& row, const topology::Machine& group);
/// Of the prediction in row `point` of the modelled collectives.
[[nodiscard]] std::vector<Table::Row> link_class_rows(const Prediction& prediction,
                                                      const topology::Machine& group,
                                                      std::int64_t point);
[[nodiscard]] std::vector<Table::Row> link_rows(const Prediction& prediction, std::int64_t point);
/// Ours, or MPI's own call where that was measured beside it.
[[nodiscard]] Table::Row measured_row(const CollectiveRow& row, bool in_place, bool library);
[[nodiscard]] Table::Row modelled_row(const topology::Chip& chip,
                                      const Shape& shape,
                                      topology::DataType type);
/// Origin of the figure that binds: the roof of the engines or the bandwidth of the memory.
[[nodiscard]] topology::Status evidence(const topology::Chip& chip,
                                        topology::DataType type,
                                        kernels::GemmTime::Binding binding);
[[nodiscard]] Table::Row compute_row(const ComputeRoof& roof);
[[nodiscard]] Table::Row memory_row(const MemoryRoof& roof);
/// Every figure of a system: its levels', then its chip's.
[[nodiscard]] std::vector<Table::Row> figure_rows(const topology::Machine& machine);

}  // namespace bench
