// A Google Benchmark reporter that puts the samples of the matmul suite into the results file.
#pragma once

#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/record/table.hpp"

namespace bench {

/// One row of `measured/matmul` per benchmark; its samples are the repetitions.
class TableReporter : public benchmark::BenchmarkReporter {
 public:
  /// `table` outlives the reporter; `threads` is what the suite was registered with.
  TableReporter(Table& table, int threads) : table_(&table), threads_(threads) {}

  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  Table* table_;
  int threads_;
};

/// Runs what is registered, `repetitions` times each, with this reporter.
void run_registered(TableReporter& reporter, int repetitions);

}  // namespace bench
