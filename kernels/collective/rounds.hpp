// A schedule unrolled into rounds: what happens at the same time. Readers walk rounds; a loop whose
// trips are alike stays one entry with a repeat count, so that a ring costs its readers one round.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/collective/schedule.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// A part of every chunk, from `begin` to `end` of its length. Its width is weight / total, kept as
/// two numbers so that a sixth of six bytes is one byte exactly.
struct Share {
  double begin = 0;
  double end = 1;
  double weight = 1;
  double total = 1;

  /// This share of an amount.
  template <class Amount>
  [[nodiscard]] Amount of(Amount amount) const {
    return amount * weight / total;
  }
};

/// One exchange of a round.
struct Part {
  const Exchange* exchange = nullptr;
  std::int64_t k = 0;  ///< loop counter at the first repeat
  Share share;
};

/// The parts of all lanes that run together; repeated with k advancing by one each time.
struct Round {
  std::vector<Part> parts;
  std::int64_t repeat = 1;
};

/// Bytes of each message of a part, of a collective of `size`.
[[nodiscard]] topology::Bytes message_size(const Part& part,
                                           const Schedule& schedule,
                                           topology::Bytes size);

/// The rounds point into the schedule, which must outlive them.
[[nodiscard]] std::vector<Round> rounds(const Schedule& schedule);
std::vector<Round> rounds(Schedule&&) = delete;

}  // namespace kernels
