// One rank's share of a schedule: what it sends and receives in each step, as pieces of a buffer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/collective/schedule.hpp"

namespace bench {

/// Bytes of the vector.
struct Piece {
  std::size_t offset = 0;
  std::size_t bytes = 0;
  std::size_t from = 0;  ///< of a receive: where the sender has them
};

struct Message {
  int peer = 0;
  int tag = 0;
  bool reduce = false;  ///< on arrival
  std::vector<Piece> pieces;
  std::size_t bytes = 0;
};

/// All messages of one rank in one round: posted together, waited for together, then applied.
struct PlanStep {
  std::vector<Message> sends;
  std::vector<Message> receives;
};

/// The first byte of chunk `c` when `count` elements of `element` bytes are cut into `chunks`.
[[nodiscard]] std::size_t chunk_begin(std::int64_t c,
                                      std::int64_t chunks,
                                      std::int64_t count,
                                      std::size_t element);

/// In one slice, and an all-to-all in one hop?
[[nodiscard]] bool is_measurable(const kernels::Schedule& schedule);

/// The steps of `rank` for a vector of `count` elements. Pieces that touch are one, but do not
/// reach beyond a chunk unless `joined`. @throws Error(usage) for a schedule that is not measurable
[[nodiscard]] std::vector<PlanStep> plan(const kernels::Schedule& schedule,
                                         int rank,
                                         std::int64_t count,
                                         std::size_t element,
                                         bool joined = true);

}  // namespace bench
