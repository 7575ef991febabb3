// What a micro-batch spends in a chunk of layers.
#pragma once

#include <vector>

#include "bench/training/gradients.hpp"
#include "bench/training/operation_time.hpp"
#include "bench/training/spending.hpp"
#include "kernels/training/pipeline.hpp"
#include "kernels/training/stage.hpp"

namespace bench {

/// An operation in its place: one after the other, but for those beside the one before, and for
/// exchanges of experts that other micro-batches' work hides: these are beside all of it.
struct Placed {
  const kernels::Operation* operation = nullptr;
  topology::Seconds start;  ///< from that of the first
  Taken taken;              ///< alone
  topology::Seconds left;   ///< of that, what the others wait for
};

[[nodiscard]] Spent spent_on(const kernels::Operation& operation);

/// Hidden by all other work of the pass, not only by the operation before.
[[nodiscard]] bool is_aside(const kernels::Operation& operation);

/// Where the operations of a pass lie, which must outlive them; the host, which launches one after
/// the other, is not counted.
[[nodiscard]] std::vector<Placed> placed(const kernels::Operations& operations,
                                         const OperationTimes& times);

/// What a chunk of layers is made of: layers that are alike, the table of the vocabulary, the head.
struct Part {
  kernels::LayerWork work;
  kernels::Stage piece;  ///< one layer, or none and what is first or last
  std::int64_t count = 1;
};

/// In the order of the forward pass.
[[nodiscard]] std::vector<Part> parts_of(const Job& job, const kernels::Stage& stage);

/// The one that ends with the gradients of the weights.
[[nodiscard]] kernels::Pass last_pass(const kernels::Plan& plan);

/// FSDP: what the parameters of a piece and their gradients move in a pass.
[[nodiscard]] DataMoves shares(const Job& job,
                               const Axes& axes,
                               const kernels::Stage& piece,
                               kernels::Pass pass);

struct ChunkSpending {
  Spending forward;
  Spending backward;
  Spending weights;

  void add(const ChunkSpending& other, double times);

  [[nodiscard]] kernels::ChunkTime time() const {
    return {forward.total(), backward.total(), weights.total()};
  }
};

/// Of one job; layers that are alike are looked at once.
class ChunkTimes {
 public:
  /// Both must outlive this.
  ChunkTimes(const Job& job, const OperationTimes& times) : job_(job), times_(times) {}

  [[nodiscard]] ChunkSpending of(const kernels::Stage& stage);
  [[nodiscard]] const ChunkSpending& of(const kernels::Layer& layer);
  /// Without what its parameters move.
  [[nodiscard]] ChunkSpending of(const kernels::LayerWork& work) const;
  [[nodiscard]] ChunkSpending of(const kernels::LayerWork& work, const kernels::Stage& piece) const;

  /// FSDP: what the parameters of a piece and their gradients move, beside its passes.
  struct Sharded {
    Taken forward;
    Taken backward;  ///< with the gradients where weights have no passes of their own
    Taken weights;
  };

  [[nodiscard]] Sharded sharded(const kernels::Stage& piece) const;

  /// What the passes wait for of that.
  [[nodiscard]] kernels::ChunkTime exposed(const Sharded& moves,
                                           const kernels::ChunkTime& passes) const;

 private:
  [[nodiscard]] Spending of(const kernels::Operations& operations) const;

  const Job& job_;
  const OperationTimes& times_;
  std::vector<std::pair<kernels::Layer, ChunkSpending>> layers_;
};

}  // namespace bench
