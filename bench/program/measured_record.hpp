// Measured collectives on their way into the results file, point by point, and if asked for each
// rank's own samples into the file beside it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/program/collective_row.hpp"
#include "bench/record/rank_samples.hpp"
#include "bench/record/result_file.hpp"
#include "bench/record/table.hpp"

namespace bench {

class MeasuredRecord {
 public:
  struct Extent {
    std::int64_t points = 0;  ///< sizes of all collectives
    bool against_mpi = false;
    std::int64_t samples = 0;
  };

  /// Rows of a point: in place and out of place, ours and MPI's.
  [[nodiscard]] static std::int64_t rows(bool against_mpi) { return against_mpi ? 4 : 2; }

  /// Collective. @param file on rank 0 only, elsewhere nullptr
  /// @param ranks_beside the path of the results, whose ranks' samples are kept; empty: they are
  /// not
  MeasuredRecord(ResultFile* file, const std::string& ranks_beside, Extent extent);

  /// Points that an earlier part of a resumed run has left; on all ranks the same.
  [[nodiscard]] std::int64_t finished() const { return finished_; }

  /// Passes over a finished point.
  void skip();

  /// Collective where ranks' samples are kept.
  void add(const CollectiveRow& row);

  /// Collective in the same case. All are there.
  void complete();

 private:
  void add(const CollectiveRow& row, bool in_place, bool library);

  std::optional<Table> table_;  ///< on rank 0
  std::optional<RankSamples> ranks_;
  bool against_mpi_;
  std::int64_t finished_ = 0;
  std::int64_t row_ = 0;
};

/// What each way to carry schedules out is expected to take on this machine: into the inputs.
void record_models(ResultFile& file, const std::vector<Way>& ways);

}  // namespace bench
