// What no run of a pipeline can beat, without running it. Chunks are made of pieces that many have
// alike: counts of pieces do not depend on how long one takes, so they are looked at once for all
// plans. On each rank:
//
//   lead   forward passes of one micro-batch through the chunks before the rank's first one
//   work   all its passes
//   tail   backward passes of one micro-batch through those chunks, down to the first: after the
//          rank's last backward pass, that is of its first chunk
//
// with a transfer from rank to rank. The last passes of weights of their own may come after the
// tail of others: lead + work with them, or lead + work without them + tail, whichever is more;
// rank r of zb_h1 has r of them left after its last backward pass, no more. For 1f1b and gpipe with
// equal chunks and no transfers this is the run's time itself.
//
// A rank also waits for micro-batches to come back: p of them are under way in 1f1b and zb_h1 (the
// first rank begins number i + p after number i is back), and an interleaved pipeline's last rank
// has p of each of its chunks before the first and after the last backward pass through all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/training/pipeline.hpp"
#include "topology/quantity.hpp"

namespace kernels {

/// How many of each piece, in an order that all of a pipeline share.
using Pieces = std::vector<std::int64_t>;

/// A pipeline whose pieces may take any time.
class PipelineFloor {
 public:
  /// What a rank has; ranks that have the same, or less of everything, are left out.
  struct Held {
    std::int64_t rank = 0;  ///< the lowest with it, which holds most micro-batches
    Pieces pieces;
    Pieces chunk;  ///< one of its chunks
  };

  /// @param chunks of the model, in its order: of dual_pipe those of one direction
  PipelineFloor(PipelineOrder order, std::int64_t ranks, const std::vector<Pieces>& chunks);

  /// @param pieces how long one of each takes @param transfer from rank to rank
  [[nodiscard]] topology::Seconds time(const std::vector<ChunkTime>& pieces,
                                       std::int64_t micro_batches,
                                       topology::Seconds transfer) const;

  /// That need most memory, whatever a piece needs.
  [[nodiscard]] const std::vector<Held>& largest() const { return largest_; }

  /// What ranks have, each once.
  [[nodiscard]] const std::vector<Pieces>& distinct() const { return distinct_; }

  /// Activations that a rank holds at most, in chunks x micro-batches, by the program of the order
  /// (pipeline_program.cpp); of dual_pipe and zb_v the least of those chosen greedily.
  [[nodiscard]] std::int64_t in_flight(std::int64_t rank, std::int64_t micro_batches) const;

 private:
  struct Load {
    std::int64_t rank = 0;
    Pieces work;  ///< of one micro-batch; of dual_pipe, of one in each direction
    Pieces lead;
    std::int64_t hops = 0;  ///< before the first chunk
  };

  void add_load(std::int64_t rank, Pieces held, const std::vector<Pieces>& chunks);
  void add_held(std::int64_t rank,
                const Pieces& held,
                const std::vector<Pieces>& chunks,
                const Pipeline& pipeline);
  [[nodiscard]] double busiest(const std::vector<ChunkTime>& pieces,
                               std::int64_t micro_batches,
                               double transfer) const;
  [[nodiscard]] double there_and_back(const std::vector<ChunkTime>& pieces,
                                      std::int64_t micro_batches,
                                      double transfer) const;

  PipelineOrder order_;
  std::int64_t ranks_;
  std::int64_t chunks_of_rank_;
  std::vector<Load> loads_;
  Pieces all_;   // of the model
  Pieces end_;   // of the rank that waits for micro-batches to come back
  Pieces last_;  // of the last chunk
  std::vector<Held> largest_;
  std::vector<Pieces> distinct_;
};

}  // namespace kernels
