// What NCCL runs, and RCCL after it, on chips behind switches.
#pragma once

#include <string>
#include <vector>

#include "kernels/collective/collective.hpp"
#include "topology/machine.hpp"

namespace kernels {

/// One algorithm in one protocol, as a schedule on the machine as NCCL sees it.
struct NcclChoice {
  std::string name;           ///< "nccl:ring,ll128"
  topology::Machine machine;  ///< figures of the protocol
  std::string algorithm;      ///< as `build` reads it
  topology::Bytes slice;      ///< the smallest that follows another
};

/// What NCCL chooses from for a group of switched levels; it takes the one that it expects to be
/// fastest. Latencies and the overhead of the machine are those of a ring in protocol Simple, and
/// the others are in proportion as in NCCL's own model (src/graph/tuning.cc).
///   ring  one ring through all ranks in as many channels as it takes to use every port: a step is
///         as fast as the slowest port on the way, a domain of n chips has n of them
///   tree  a ring inside a domain, a double tree between domains; an all-reduce
///   nvls  sums formed in the switch, a double tree between domains; an all-reduce
///   p2p   everybody with everybody; an all-to-all
/// @throws Error(usage) for a torus, or for another collective
[[nodiscard]] std::vector<NcclChoice> nccl_choices(Collective collective,
                                                   const topology::Machine& group);

}  // namespace kernels
