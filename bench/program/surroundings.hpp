// What else went on while ranks measured: said under a table, kept in a results file.
#pragma once

#include <string>

#include "bench/executor/cpu_share.hpp"
#include "bench/record/result_file.hpp"
#include "topology/quantity.hpp"

namespace bench {

class Surroundings {
 public:
  /// Collective over MPI_COMM_WORLD, as is end().
  Surroundings();

  struct Seen {
    bool one_host = false;     ///< else the two times are zero
    topology::Seconds before;  ///< a cache line from core to core
    topology::Seconds after;
    CpuShare cpu;

    [[nodiscard]] std::string text() const;
    /// Into `measured/host`.
    void record(ResultFile& file) const;
  };

  [[nodiscard]] Seen end() const;

 private:
  bool one_host_;
  topology::Seconds before_;
  CpuWatch watch_;
};

}  // namespace bench
