// Modelled collectives in a results file: the points, the links of each, and the systems they ran
// on.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bench/program/collective_row.hpp"
#include "bench/record/result_file.hpp"

namespace bench {

class ModelledTables {
 public:
  /// @param links single links as well
  ModelledTables(ResultFile& file, bool links);

  /// Points of one group.
  void append(std::span<const CollectiveRow> rows, const topology::Machine& group);

 private:
  Table points_;
  Table classes_;
  std::optional<Table> links_;
};

/// The files that a system was read from, verbatim.
void record_inputs(ResultFile& file, const std::string& system, const std::string& name);

/// Where modelled results go, and their system as it was typed.
struct ResultsRequest {
  std::string output;
  bool force = false;
  std::string system;
  std::vector<std::string> overrides;
};

/// A new file with what the system was made of, its figures and `more` of them.
/// @throws Error(environment), see ResultFile
[[nodiscard]] ResultFile modelled_file(const ResultsRequest& request,
                                       const topology::Machine& machine,
                                       std::span<const Table::Row> more = {});

}  // namespace bench
