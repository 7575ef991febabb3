// What rank 0 prints of measured collectives, a line a point.
#pragma once

#include <optional>
#include <vector>

#include "bench/program/collective_row.hpp"
#include "bench/program/collective_table.hpp"

namespace bench {

class MeasuredTable {
 public:
  /// Prints the header. @param speaks on rank 0 only; elsewhere nothing is printed
  /// @param beside what is measured in turns with ours: MPI's own calls or copies
  MeasuredTable(TableStyle style, std::optional<Lowering> beside, bool speaks);

  void add(const CollectiveRow& row);

  /// What the ratios come to, over all sizes and both placements.
  void end() const;

 private:
  void note(const Measurement& ours, const Measurement& library);

  TableStyle style_;
  std::optional<Lowering> beside_;
  bool speaks_;
  std::vector<double> logarithms_;  ///< of the ratios
};

}  // namespace bench
