// A clock for every chip in a results file: what is predicted, what the clocks say, and how long
// they took to run.
#pragma once

#include <optional>
#include <span>

#include "bench/clock/scaling.hpp"
#include "bench/program/clock_command.hpp"
#include "bench/program/clock_table.hpp"
#include "bench/program/modelled_tables.hpp"
#include "bench/record/result_file.hpp"

namespace bench {

class ClockRecord {
 public:
  /// @throws Error(environment), see ResultFile
  ClockRecord(const PredictRequest& request,
              const ClockFlags& flags,
              const topology::Machine& machine);

  void append(const ClockRow& row);

  /// @param row what was run
  void append(std::span<const ScalingPoint> points, const ClockRow& row);

  void complete();

 private:
  void append_chips(const ClockRow& row);

  ClockFlags flags_;
  topology::Machine machine_;
  std::string path_;
  ResultFile file_;
  ModelledTables predictions_;
  Table clocks_;
  std::optional<Table> chips_;
};

}  // namespace bench
