#include "kernels/training/pipeline_floor.hpp"

#include <algorithm>
#include <vector>

namespace kernels {
namespace {

using topology::Seconds;

/// Of one rank.
struct Load {
  Seconds down;     ///< forward and backward passes of all micro-batches
  Seconds weights;  ///< their gradients of weights, where these have passes of their own
  Seconds around;   ///< lead and tail of its first chunk
  Seconds lead;
  bool seen = false;
};

/// Chunks in the order of the model: what came before the first one of a rank is its lead.
class Loads {
 public:
  explicit Loads(const Pipeline& p) : p_(p), loads_(static_cast<std::size_t>(p.ranks)) {}

  /// @param micro_batches that pass in this direction
  void pass(bool reversed, std::int64_t micro_batches) {
    Seconds lead;
    Seconds tail;
    for (std::size_t c = 0; c < p_.times.size(); ++c) {
      const auto chunk = static_cast<std::int64_t>(c);
      const std::int64_t rank = reversed ? p_.ranks - 1 - chunk : rank_of(p_, chunk);
      add(loads_[static_cast<std::size_t>(rank)], p_.times[c], micro_batches, lead, tail);
      lead += p_.times[c].forward;
      tail += p_.times[c].backward;
      if (!splits_backward(p_.order)) tail += p_.times[c].weights;
    }
  }

  [[nodiscard]] Seconds most() const {
    Seconds floor;
    for (const Load& load : loads_)
      floor = std::max({floor, load.down + load.around, load.down + load.weights + load.lead});
    return floor;
  }

 private:
  void add(
      Load& load, const ChunkTime& time, std::int64_t count, Seconds lead, Seconds tail) const {
    const auto times = static_cast<double>(count);
    load.down += times * (time.forward + time.backward);
    (splits_backward(p_.order) ? load.weights : load.down) += times * time.weights;
    if (load.seen && load.lead <= lead) return;
    load.seen = true;
    load.lead = lead;
    load.around = lead + tail;
  }

  const Pipeline& p_;
  std::vector<Load> loads_;
};

}  // namespace

Seconds pipeline_floor(const Pipeline& pipeline) {
  Loads loads(pipeline);
  const bool dual = pipeline.order == PipelineOrder::dual_pipe;
  const std::int64_t back = dual ? pipeline.micro_batches / 2 : 0;
  loads.pass(false, pipeline.micro_batches - back);
  if (dual) loads.pass(true, back);
  return loads.most();
}

}  // namespace kernels
