// What else went on while ranks measured: said under a table, kept in a results file.
#pragma once

#include <string>

#include "bench/executor/cpu_share.hpp"
#include "bench/executor/ping_pong.hpp"
#include "bench/record/result_file.hpp"
#include "topology/quantity.hpp"

namespace bench {

/// "other processes took 3 % of this host's CPU time, other guests 0 %"
[[nodiscard]] std::string text_of_shares(const CpuShare& cpu);

/// As attributes of a group.
void record_shares(ResultFile& file, const char* group, const CpuShare& cpu);

class Surroundings {
 public:
  /// Collective over MPI_COMM_WORLD, as are around_point() and end().
  Surroundings();

  struct Seen {
    CoreToCore core_to_core;  ///< not known where hosts are several or ranks share cores
    CpuShare cpu;

    [[nodiscard]] std::string text() const;
    /// Into `measured/host`.
    void record(ResultFile& file) const;
  };

  /// Since the construction, or the last point.
  [[nodiscard]] CoreToCore around_point();
  [[nodiscard]] Seen end() const;

 private:
  [[nodiscard]] topology::Seconds now() const;

  bool cores_of_one_host_;
  topology::Seconds before_;
  topology::Seconds before_point_;
  CpuWatch watch_;
};

}  // namespace bench
