// Durations in whole microseconds.
#pragma once

#include <cmath>
#include <cstdint>

#include "topology/quantity.hpp"

namespace bench {

/// What one duration loses the next ones get, so that sums stay right.
class WholeMicros {
 public:
  [[nodiscard]] std::uint64_t of(topology::Seconds time) {
    exact_ += time;
    const auto all = static_cast<std::uint64_t>(std::llround(exact_.value() * 1e6));
    const std::uint64_t more = all - given_;
    given_ = all;
    return more;
  }

 private:
  topology::Seconds exact_;
  std::uint64_t given_ = 0;
};

}  // namespace bench
