// Distributed matmuls in a results file.
#pragma once

#include <string>
#include <vector>

#include "bench/program/matmul_rows.hpp"
#include "bench/program/surroundings.hpp"
#include "bench/record/result_file.hpp"

namespace bench {

/// All of them. @throws Error(environment), see ResultFile
void record_predicted(const MatmulOptions& asked,
                      const topology::Machine& machine,
                      const std::vector<MatmulRow>& rows);

/// Row by row, as they are measured.
class MatmulRecord {
 public:
  /// @throws Error(environment), see ResultFile
  explicit MatmulRecord(const MatmulOptions& asked);

  /// What stands beside the measurements.
  void model(const topology::Machine& machine);

  void append(const MatmulRow& row);

  void complete(const Surroundings::Seen& seen);

  /// Its rows stay, under a name that says that they are not all.
  void fail(const std::string& reason) { file_.try_to_fail(reason); }

 private:
  std::string path_;
  ResultFile file_;
  Table table_;
};

}  // namespace bench
