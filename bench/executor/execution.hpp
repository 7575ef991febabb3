// One rank's share of a schedule as MPI messages between real buffers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/executor/datatype.hpp"
#include "kernels/collective/ranks.hpp"
#include "kernels/collective/rounds.hpp"
#include "kernels/collective/schedule.hpp"
#include "topology/chip.hpp"

namespace bench {

/// Bytes of a buffer.
struct Piece {
  std::size_t offset = 0;
  std::size_t bytes = 0;
};

struct Message {
  int peer = 0;
  int tag = 0;
  bool reduce = false;  ///< on arrival
  std::vector<Piece> pieces;
  std::size_t bytes = 0;
};

/// All messages of one rank in one round: posted together, waited for together, then applied.
struct Step {
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

class Execution {
 public:
  /// @throws Error(usage) for a schedule that is not measurable
  Execution(const kernels::Schedule& schedule,
            int rank,
            std::int64_t count,
            topology::DataType type,
            Operator op);

  [[nodiscard]] const std::vector<Step>& steps() const { return steps_; }

  /// Sends from `source`, receives into `target`; the two are one buffer but for an all-to-all.
  void run(std::span<const std::byte> source, std::span<std::byte> target);

 private:
  void plan(const kernels::Schedule& schedule, int rank);
  void add_part(Step& step,
                const kernels::Schedule& schedule,
                const kernels::Part& part,
                std::int64_t repeat,
                int rank,
                int tag) const;
  [[nodiscard]] Message message(std::span<const kernels::Rank> chunks,
                                const kernels::Share& share_of_chunk,
                                kernels::Rank peer,
                                int tag) const;
  void post(const Step& step, std::span<const std::byte> source, std::span<std::byte> target);
  void apply(const Step& step, std::span<std::byte> target);

  std::int64_t ranks_;
  std::int64_t count_;
  topology::DataType type_;
  Operator op_;
  std::size_t element_;
  std::vector<Step> steps_;
  std::vector<std::byte> packed_;   // sends of more than one piece
  std::vector<std::byte> arrived_;  // receives that are reduced or scattered
};

}  // namespace bench
