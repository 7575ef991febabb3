// What `rainier collective` measures under MPI.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/executor/measure.hpp"
#include "bench/program/collective_table.hpp"
#include "bench/program/demands.hpp"
#include "kernels/collective/collective.hpp"

namespace bench {

struct MeasureFlags {
  std::string machine;  ///< the model; empty: fitted now
  std::string lowering = "auto";
  std::string buffers = "private";
  std::string start = "barrier";
  bool against_mpi = false;
  bool against_copy = false;
  std::string output;     ///< results file; empty: none
  bool force = false;     ///< over earlier results
  bool per_rank = false;  ///< each rank's own samples into a file beside it
  bool odd = false;       ///< beside each size one element less and more, and half as much again
  DemandFlags demands;

  /// Of those that only measurements have.
  [[nodiscard]] bool any() const {
    return !machine.empty() || lowering != "auto" || buffers != "private" || start != "barrier" ||
           against_mpi || against_copy || per_rank || odd || demands.any();
  }
};

struct MeasureRequest {
  kernels::Collective collective = kernels::Collective::all_reduce;
  std::vector<std::int64_t> sizes;
  MeasureOptions options;  ///< but for lowerings and buffers, which the flags choose
  std::string algorithm;
  std::vector<std::string> overrides;  ///< of figures of the model
  TableStyle style = TableStyle::text;
  std::string nccl_json;  ///< file, "-" for stdout, or empty
  MeasureFlags flags;
};

/// Prints one line a size. Collective over all ranks. @throws Error(usage); Error(verdict) where an
/// element is wrong
void measure_table(MeasureRequest request);

}  // namespace bench
