// A switch in user space that joins hosts, which are network namespaces, by wires of a given rate
// and delay: a real network with known properties, to hold a model against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

#include "bench/emulator/tap.hpp"
#include "bench/emulator/wires.hpp"
#include "topology/quantity.hpp"

namespace bench {

struct SwitchCounts {
  std::int64_t frames = 0;   ///< delivered
  std::int64_t dropped = 0;  ///< by the host they were for
  topology::Seconds latest;  ///< the most that a frame was delivered after its time
};

/// Host i has the hardware address 02:00:00:00:00:i+1; frames to others go to all.
class EmulatedSwitch {
 public:
  EmulatedSwitch(std::vector<Tap> hosts, Wires wires);

  /// Passes frames on until the process is told to end (SIGTERM, SIGINT).
  SwitchCounts run();

 private:
  struct Frame {
    topology::Seconds due;
    std::uint64_t order = 0;  // frames of one time stay in their order
    std::size_t to = 0;
    std::vector<std::byte> bytes;

    bool operator>(const Frame& other) const {
      return due != other.due ? due > other.due : order > other.order;
    }
  };

  void take_from(std::size_t host);
  void pass(std::size_t from, std::size_t to, std::vector<std::byte> bytes);
  void deliver();
  void wait() const;

  std::vector<Tap> hosts_;
  Wires wires_;
  std::priority_queue<Frame, std::vector<Frame>, std::greater<>> on_wires_;
  std::vector<std::byte> buffer_;
  SwitchCounts counts_;
  std::uint64_t taken_ = 0;
};

}  // namespace bench
