// The timing of an emulated network: hosts around one switch, each on a wire of its own.
#pragma once

#include <cstddef>
#include <vector>

#include "topology/quantity.hpp"

namespace bench {

/// Every wire carries frames of both directions at `rate`, one after the other in each; the switch
/// passes a frame on while it still arrives (cut-through), so that it is sent through one wire's
/// time, not two. A frame of L bytes that host a sends to host b at t:
///   sent    = max(t, a's wire up is free) + (L + overhead) / rate
///   arrived = max(sent + delay, b's wire down is free + (L + overhead) / rate)
class Wires {
 public:
  /// Preamble, frame check sequence and inter-frame gap of Ethernet (IEEE 802.3, clause 4.4.2).
  static constexpr topology::Bytes overhead{8 + 4 + 12};

  Wires(std::size_t hosts, topology::BytesPerSecond rate, topology::Seconds delay);

  /// @return when the whole frame is at `to`. To be called in the order of the times.
  topology::Seconds arrival(topology::Seconds now,
                            std::size_t from,
                            std::size_t to,
                            topology::Bytes frame);

 private:
  topology::BytesPerSecond rate_;
  topology::Seconds delay_;
  std::vector<topology::Seconds> up_free_;  // of each host
  std::vector<topology::Seconds> down_free_;
};

}  // namespace bench
