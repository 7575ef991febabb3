#include "bench/emulator/wires.hpp"

#include <algorithm>

namespace bench {

Wires::Wires(std::size_t hosts, topology::BytesPerSecond rate, topology::Seconds delay)
    : rate_(rate), delay_(delay), up_free_(hosts), down_free_(hosts) {}

topology::Seconds Wires::arrival(topology::Seconds now,
                                 std::size_t from,
                                 std::size_t to,
                                 topology::Bytes frame) {
  const topology::Seconds on_wire = (frame + overhead) / rate_;
  const topology::Seconds sent = std::max(now, up_free_[from]) + on_wire;
  const topology::Seconds arrived = std::max(sent + delay_, down_free_[to] + on_wire);
  up_free_[from] = sent;
  down_free_[to] = arrived;
  return arrived;
}

}  // namespace bench
