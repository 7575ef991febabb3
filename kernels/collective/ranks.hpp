// A schedule seen from single ranks: who sends what to whom in one repeat of a round. For readers
// that touch every rank (execution, verification); costs nothing until asked.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/collective/rounds.hpp"

namespace kernels {

using Rank = std::int64_t;

/// Mixed-radix digits, digit 0 fastest.
[[nodiscard]] std::vector<std::int64_t> digits_of(Rank rank,
                                                  const std::vector<std::int64_t>& extents);
[[nodiscard]] Rank rank_of(const std::vector<std::int64_t>& digits,
                           const std::vector<std::int64_t>& extents);

/// Ranks to which `rank` sends in repeat `k` of an exchange, or from which it receives.
[[nodiscard]] std::vector<Rank> receivers(const Exchange& exchange,
                                          std::int64_t k,
                                          Rank rank,
                                          const std::vector<std::int64_t>& extents);
[[nodiscard]] std::vector<Rank> senders(const Exchange& exchange,
                                        std::int64_t k,
                                        Rank rank,
                                        const std::vector<std::int64_t>& extents);

/// Is `value` of a chunk's digit in the range, seen from the anchor's digit with the loop counter
/// at `k`? `other` is the digit of the message's other end.
[[nodiscard]] bool contains(const DigitRange& range,
                            std::int64_t k,
                            std::int64_t value,
                            std::int64_t anchor,
                            std::int64_t other,
                            std::int64_t extent);

/// Chunks that the message from `from` to `to` carries, ascending.
[[nodiscard]] std::vector<Rank> chunks_between(const Exchange& exchange,
                                               std::int64_t k,
                                               Rank from,
                                               Rank to,
                                               const std::vector<std::int64_t>& extents);

}  // namespace kernels
