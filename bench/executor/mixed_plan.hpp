// A schedule among the ranks of several hosts: through slots between ranks of one host, by messages
// between hosts.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "bench/executor/host_plan.hpp"
#include "bench/executor/plan.hpp"
#include "bench/executor/segments.hpp"
#include "kernels/collective/schedule.hpp"

namespace bench {

/// A message between hosts: sent from the slot of the sender, where its pieces are.
struct Parcel {
  Message message;
  std::size_t at = 0;  ///< byte of the buffer that it arrives in, or is packed in to be sent

  [[nodiscard]] bool packed() const { return message.pieces.size() > 1; }
};

/// Ranks are places on this host. An operand of another host is at a byte of what has arrived.
struct MixedStep {
  HostStep host;           ///< its takes need no message
  std::vector<Take> late;  ///< those that do
  std::vector<Parcel> sends;
  std::vector<Parcel> receives;
};

/// Bytes of the buffer that parcels are in.
[[nodiscard]] std::size_t room(std::span<const Parcel> parcels);

/// What arrives is reduced together with the slots and in the order of all ranks, so that every
/// rank has the same bits.
/// @param places of all ranks on this host, or HostRanks::elsewhere
/// @throws Error(usage) for a schedule that is not measurable, see `plan`
[[nodiscard]] std::vector<MixedStep> mixed_plan(const kernels::Schedule& schedule,
                                                int rank,
                                                const Segment& segment,
                                                std::span<const int> places);

}  // namespace bench
